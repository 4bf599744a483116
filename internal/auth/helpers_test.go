package auth

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// open returns the chain of a consumer in dir. It doesn't pause between tries.
func open(t testing.TB, dir string, consumer Consumer, seed string) *Chain {
	t.Helper()
	c, err := OpenChain(dir, consumer, NewSecret(seed))
	if err != nil {
		t.Fatal(err)
	}
	c.delays = []time.Duration{0, 0}
	c.saveDelay = time.Millisecond
	return c
}

// authorize returns the header's value. It fails the test if there is none.
func authorize(t testing.TB, source Authorizer) string {
	t.Helper()
	value, err := source.Authorization(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// wantError fails the test unless err is an *Error of this kind. Its message must contain all texts and no secret.
func wantError(t testing.TB, err error, kind Kind, texts ...string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error %v, want an *Error of kind %s", err, kind)
	}
	if e.Kind != kind {
		t.Errorf("kind %s, want %s: %v", e.Kind, kind, err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q lacks %q", err, text)
		}
	}
	wantNoSecret(t, err.Error())
}

// wantNoSecret fails the test if text contains a secret of the test's server, or HTML.
func wantNoSecret(t testing.TB, text string) {
	t.Helper()
	for _, secret := range []string{testSecret, "access-token-", "refresh-token-", "<html", "<!doctype"} {
		if strings.Contains(text, secret) {
			t.Errorf("%.500q holds %q", text, secret)
		}
	}
}

// fileNames returns the names of the files in dir, without locks.
func fileNames(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) != ".lock" {
			names = append(names, entry.Name())
		}
	}
	return names
}
