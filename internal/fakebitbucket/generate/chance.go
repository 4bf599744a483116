package generate

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// Seeded returns a random source that depends on a number and a name.
func Seeded(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash never returns an error
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// UUID returns a UUID in braces.
func UUID(chance *rand.Rand) string {
	a, b := chance.Uint64(), chance.Uint64()
	a = a&^0xf000 | 0x4000
	b = b&^(3<<62) | 1<<63
	return fmt.Sprintf("{%08x-%04x-%04x-%04x-%012x}", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

// UUID returns a UUID in braces.
func (g *generator) UUID() string { return UUID(g.Rand) }

// ago returns a time up to this many days back. Recent times are more frequent.
func (g *generator) ago(days float64) time.Time {
	share := g.Float64()
	d := time.Duration(share * share * days * 24 * float64(time.Hour))
	t := g.now.Add(-d).Truncate(time.Microsecond)
	if g.IntN(20) == 0 {
		return t.Truncate(time.Second)
	}
	return t
}

func (g *generator) after(t time.Time) time.Time {
	return t.Add(time.Duration(g.Float64() * float64(g.now.Sub(t)))).Truncate(time.Microsecond)
}

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

func (g *generator) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return b
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Hash returns a hash as Git or a key has it.
func (g *generator) Hash() string {
	return fmt.Sprintf("%016x%016x%08x", g.Uint64(), g.Uint64(), g.Uint32())
}
