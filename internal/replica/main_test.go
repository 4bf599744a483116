package replica

import (
	"os"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(200)         // the fake's organizations are large, and most of what a test allocates is soon garbage
	debug.SetMemoryLimit(500 << 20) // but not beyond this
	os.Exit(m.Run())
}
