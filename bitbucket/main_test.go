package bitbucket

import (
	"os"
	"runtime/debug"
	"testing"
)

func TestMain(m *testing.M) {
	os.Setenv("STEAMPIPE_LOG_LEVEL", "OFF") // so that the SDK does not log every error to standard error
	debug.SetGCPercent(400)                 // the fake's organizations are large: with the default, half of the time goes into garbage collection
	debug.SetMemoryLimit(1 << 30)           // but not beyond this
	os.Exit(m.Run())
}
