# Written by `go generate ./internal/audit`, which has the sources. Do not edit.
