package main

import (
	"context"
	"encoding/base64"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// startRegistry starts a registry on loopback. It answers to every name, so that nothing here reaches another, and lets in only
// who has logged in with docker.
func startRegistry(t *testing.T) {
	t.Helper()
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "owner" || password != "example" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		images.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)

	loopback := server.Client().Transport.(*http.Transport).Clone()
	loopback.TLSClientConfig.ServerName = "example.com" // which its certificate is for
	loopback.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}
	usual := http.DefaultTransport
	http.DefaultTransport = loopback
	t.Cleanup(func() {
		http.DefaultTransport = usual
		loopback.CloseIdleConnections()
	})

	docker := t.TempDir()
	login := `{"auths": {"ghcr.io": {"auth": "` + base64.StdEncoding.EncodeToString([]byte("owner:example")) + `"}}}`
	if err := os.WriteFile(filepath.Join(docker, "config.json"), []byte(login), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCKER_CONFIG", docker)
}
