package bitbucket

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	os.Setenv("STEAMPIPE_LOG_LEVEL", "OFF") // the SDK logs every error to standard error
	os.Exit(m.Run())
}
