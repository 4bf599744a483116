// Package loopback tells whether a host is this machine.
package loopback

import (
	"net"
	"strings"
)

// Is reports whether a host is this machine, by name or by address.
func Is(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
