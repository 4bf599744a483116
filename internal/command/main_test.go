package command

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// browserVariable makes the test's own binary the browser that a login opens.
const browserVariable = "COMMAND_TEST_BROWSER"

func TestMain(m *testing.M) {
	if os.Getenv(browserVariable) != "" {
		fmt.Println("chatter of the browser on standard output")
		fmt.Fprintln(os.Stderr, "chatter of the browser on standard error")
		os.Exit(visit(os.Args[1]))
	}
	debug.SetGCPercent(200)         // the fake's organizations are large, and most of what a test allocates is soon garbage
	debug.SetMemoryLimit(500 << 20) // but not beyond this
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "command-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "BITBUCKET_") || strings.HasPrefix(name, "STEAMPIPE_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("STEAMPIPE_INSTALL_DIR", filepath.Join(dir, "install"))
	return m.Run()
}

// visit opens a page as a browser does, redirects and all.
func visit(address string) int {
	resp, err := http.Get(address)
	if err != nil {
		return 1
	}
	resp.Body.Close()
	return 0
}

// An outcome is the result of a command line.
type outcome struct {
	code     int
	out, err string
}

// runCommand runs a command line in process.
func runCommand(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	return runWith(t, strings.NewReader(stdin), func(*console) {}, args...)
}

func runWith(t *testing.T, stdin io.Reader, prepare func(*console), args ...string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	c := newConsole(stdin, &out, &err)
	c.browse = func(address string) error {
		t.Errorf("a browser was sent to %s", address)
		return nil
	}
	prepare(c)
	code := execute(t.Context(), c, args)
	return outcome{code, out.String(), err.String()}
}

// writeFile writes a file for a test, and returns its path.
func writeFile(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// configOf writes a .spc file with a connection to the fake as its connected user.
func configOf(t testing.TB, fake *fakebitbucket.Server) (path string) {
	t.Helper()
	return configAt(t, fake, fake.URL())
}

// configAt writes a .spc file with a connection to the fake at another address.
func configAt(t testing.TB, fake *fakebitbucket.Server, address string) (path string) {
	t.Helper()
	return writeFile(t, t.TempDir(), "bitbucket.spc", connectionBlock("work", []spcArgument{
		{name: "plugin", value: localPlugin},
		{name: "access_token", value: fake.AccessToken(fake.Organization().Connected.UUID)},
		{name: "base_url", value: address},
	}))
}

// gated returns the address of a server before the fake that holds some requests until a channel is closed.
func gated(t *testing.T, fake *fakebitbucket.Server, release <-chan struct{}, holds func(*http.Request) bool) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if holds(r) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
		fake.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
