package generate

import (
	"encoding/base64"
	"encoding/binary"
)

// publicKey returns an SSH public key as in a file, without its comment. Some keys are good, and some are old and
// short.
func (g *generator) publicKey() string {
	exponent := []byte{1, 0, 1}
	kind, parts := "ssh-rsa", [][]byte{exponent, g.modulus(256)}
	switch g.IntN(5) {
	case 0:
		parts[1] = g.modulus(128)
	case 1, 2:
		kind, parts = "ssh-ed25519", [][]byte{g.bytes(32)}
	}
	var wire []byte // https://datatracker.ietf.org/doc/html/rfc4253#section-6.6
	for _, part := range append([][]byte{[]byte(kind)}, parts...) {
		wire = binary.BigEndian.AppendUint32(wire, uint32(len(part)))
		wire = append(wire, part...)
	}
	return kind + " " + base64.StdEncoding.EncodeToString(wire)
}

// modulus returns a positive number with this many bytes.
func (g *generator) modulus(bytes int) []byte {
	n := g.bytes(bytes)
	n[0] |= 0x80
	n[bytes-1] |= 1
	return append([]byte{0}, n...)
}
