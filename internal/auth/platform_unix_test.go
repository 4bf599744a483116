//go:build unix

package auth

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

// wantClosed fails the test if anybody but the owner has permissions on the token folder or a token file in it.
func wantClosed(t *testing.T, dir, path string) {
	t.Helper()
	for path, want := range map[string]fs.FileMode{dir: fs.ModeDir | 0o700, path: 0o600, path + ".lock": 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: mode %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}

func TestOpenFileIsClosedToOthersAndUsed(t *testing.T) {
	t.Parallel()
	server := newAuthServer(t, newClock().Now)
	var log bytes.Buffer
	consumer := server.consumer()
	consumer.Logger = hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Trace})
	dir, seed := t.TempDir(), server.seed()
	chain := open(t, dir, consumer, seed)
	authorize(t, chain)
	if err := os.Chmod(chain.Path(), 0o664); err != nil {
		t.Fatal(err)
	}
	authorize(t, open(t, dir, consumer, seed))
	info, err := os.Stat(chain.Path())
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	if !strings.Contains(log.String(), "open to other users") || server.count() != 1 {
		t.Errorf("%d requests and log %q, want 1 and a warning", server.count(), log.String())
	}
	wantNoSecret(t, log.String())
}
