package postgrestest

import "syscall"

// unprivileged is whoever runs the test: there PostgreSQL gives up an administrator's rights by itself.
func unprivileged(string) (*syscall.SysProcAttr, error) { return nil, nil }
