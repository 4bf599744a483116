package bitbucket

import (
	"os"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	os.Setenv("STEAMPIPE_LOG_LEVEL", "OFF") // the SDK need not log every error to standard error
	debug.SetGCPercent(400)                 // the fake's organizations are large and live long: half the time went into looking at them
	debug.SetMemoryLimit(1 << 30)           // but no further than this
	os.Exit(m.Run())
}
