package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestBytes(t *testing.T) {
	t.Parallel()
	const latin1 = "na\xefve \x00"
	tests := map[string]struct {
		body    string
		limit   int64
		wantErr string
	}{
		"text":             {"# Title\n", 100, ""},
		"not UTF-8":        {latin1, 100, ""},
		"web page":         {"<html></html>", 100, ""},
		"empty":            {"", 100, ""},
		"up to the limit":  {"12345", 5, ""},
		"beyond the limit": {"123456", 5, "answered with more than 5 bytes"},
		"large":            {strings.Repeat("x", 3<<20), 2 << 20, "answered with more than 2 MiB"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
				requests++
				if got := req.Header.Get("Accept"); got != "*/*" {
					t.Errorf("Accept: %s", got)
				}
				if got := req.URL.String(); got != "https://api.bitbucket.org/2.0/src/HEAD/a%20b.md?format=raw" {
					t.Errorf("requested %s", got)
				}
				fmt.Fprint(w, tt.body)
			})
			got, err := client.Bytes(t.Context(), Path("/2.0/src/{commit}/{path...}", "HEAD", "a b.md"), map[string][]string{"format": {"raw"}}, tt.limit)
			if requests != 1 {
				t.Errorf("%d requests", requests)
			}
			if tt.wantErr != "" {
				wantProtocolError(t, err, tt.wantErr)
				if got != nil {
					t.Errorf("%d bytes in spite of the error", len(got))
				}
				return
			}
			if err != nil || string(got) != tt.body {
				t.Errorf("got %q, error %v", got, err)
			}
		})
	}
}

// Bytes handles failures like Get, because both use the same transports.
func TestBytesFails(t *testing.T) {
	t.Parallel()
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		client := newMemoryClient(t, answer(http.StatusNotFound, `{"error": {"message": "No such file or directory: `+strings.Repeat("x", 200)+`"}}`))
		if _, err := client.Bytes(t.Context(), "/2.0/src/HEAD/a", nil, 10); !IsNotFound(err) || !IsExplained(err) {
			t.Errorf("error %v, want the service's own words, however long", err)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		client := newMemoryClient(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
		if _, err := client.Bytes(t.Context(), Path("/2.0/src/{path...}", "../user"), nil, 10); !IsNotFound(err) {
			t.Errorf("error %v, want not found", err)
		}
	})
	t.Run("elsewhere", func(t *testing.T) {
		t.Parallel()
		client := newMemoryClient(t, func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Host != "api.bitbucket.org" {
				t.Errorf("a request to %s", req.URL)
			}
			http.Redirect(w, req, "https://media.example/x", http.StatusMovedPermanently)
		})
		_, err := client.Bytes(t.Context(), "/2.0/src/HEAD/a", nil, 10)
		wantProtocolError(t, err, "redirects to another host, https://media.example:443")
	})
	t.Run("in trouble, and cut off", func(t *testing.T) {
		t.Parallel()
		var attempts atomic.Int32
		client := newServerClient(t, func(w http.ResponseWriter, _ *http.Request) {
			switch attempts.Add(1) {
			case 1:
				w.WriteHeader(http.StatusServiceUnavailable)
			case 2:
				w.Header().Set("Content-Length", "100") // the rest is missing
				fmt.Fprint(w, "half")
			default:
				fmt.Fprint(w, "whole")
			}
		})
		got, err := client.Bytes(t.Context(), "/2.0/src/HEAD/a", nil, 200)
		if string(got) != "whole" || err != nil || attempts.Load() != 3 {
			t.Errorf("got %q, error %v after %d attempts", got, err, attempts.Load())
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		client := newMemoryClient(t, answer(http.StatusOK, "x"))
		if _, err := client.Bytes(ctx, "/2.0/src/HEAD/a", nil, 10); err != context.Canceled {
			t.Errorf("error %v", err)
		}
	})
}

// A limit applies to one request, whatever other requests run.
func TestBytesLimitIsOfTheRequest(t *testing.T) {
	t.Parallel()
	body := `{"a": "` + strings.Repeat("x", 1000) + `"}`
	client := newServerClient(t, answer(http.StatusOK, body))
	var running sync.WaitGroup
	for i := range 30 {
		running.Go(func() {
			var err error
			switch i % 3 {
			case 0:
				_, err = client.Get(t.Context(), "/2.0/user", nil)
			case 1:
				_, err = client.Bytes(t.Context(), "/2.0/user", nil, 2000)
			default:
				if _, failed := client.Bytes(t.Context(), "/2.0/user", nil, 10); failed == nil {
					err = fmt.Errorf("no error beyond the limit")
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
}
