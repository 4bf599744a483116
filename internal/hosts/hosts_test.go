// Package hosts links the plugin into programs like the hosts that are built with it, and runs them.
package hosts

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

const repositories = 250

// need skips the test where a tool of the system is missing, but not in CI.
func need(t *testing.T, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// build links one of the programs, and returns its path. Go's cache keeps what go run links, unlike what go build does.
func build(t *testing.T, name string, cgo bool, flags ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long")
	}
	for range 2 { // what was linked just now is only found in the cache the next time
		cmd := exec.Command("go", slices.Concat([]string{"run", "-ldflags=-w", "-exec", "echo"}, flags, []string{"./testdata/" + name})...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if cgo {
			cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
		}
		path, err := of(cmd)
		if err != nil {
			t.Fatalf("%s: %v", cmd, err)
		}
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatalf("Go's cache does not keep %s", name)
	return ""
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, output)
	}
}

// A reader runs a host that counts the repositories of a connection. What it prints is the number, or else it fails.
type reader func(config string) (output string, err error)

// of runs a host, of which only what it prints to standard output counts if it succeeds.
func of(cmd *exec.Cmd) (string, error) {
	cmd.Env = append(cmd.Environ(), "STEAMPIPE_LOG_LEVEL=OFF")
	var output, wrong strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &wrong
	if err := cmd.Run(); err != nil {
		return output.String(), fmt.Errorf("%w: %s", err, wrong.String())
	}
	return strings.TrimSpace(output.String()), nil
}

// holds a host against what it must do: count all, and say why it can't. A failure proves nothing by one run.
func (read reader) check(t *testing.T) {
	t.Helper()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: repositories, OneWorkspace: true})
	config := fmt.Sprintf("base_url = %q\naccess_token = %q\n", fake.URL(), fake.AccessToken(fake.Organization().Connected.UUID, fakebitbucket.AllScopes()...))
	if rows, err := read(config); err != nil || rows != fmt.Sprint(repositories) {
		t.Errorf("%s of %d rows, error %v", rows, repositories, err)
	}
	if rows, err := read(""); err == nil || !strings.Contains(err.Error(), "no credentials") {
		t.Errorf("without a config: %s rows, error %v", rows, err)
	}
	fake.Inject(fakebitbucket.Fault{
		Path: "/2.0/repositories/{workspace}", Match: func(r *http.Request) bool { return r.URL.Query().Get("page") == "3" }, Count: -1,
		Kind: fakebitbucket.FaultStatus, Status: http.StatusBadRequest, Body: `{"type":"error","error":{"message":"made to fail"}}`,
	})
	for range 10 {
		if rows, err := read(config); err == nil || !strings.Contains(err.Error(), "made to fail") {
			t.Errorf("a scan that fails on its third page had %s rows, error %v", rows, err)
		}
	}
}

func TestExport(t *testing.T) {
	program := build(t, "export", false)
	reader(func(config string) (string, error) {
		output, err := of(exec.Command(program, config, "bitbucket_repository", "full_name"))
		return fmt.Sprint(len(strings.Fields(output))), err
	}).check(t)
}

func TestPostgres(t *testing.T) {
	need(t, "gcc")
	archive, dir := build(t, "postgres", true, "-buildmode=c-archive"), t.TempDir()
	program := filepath.Join(dir, "program")
	run(t, exec.Command("go", "tool", "cgo", "-objdir", dir, "-exportheader", filepath.Join(dir, "host.h"), "testdata/postgres/main.go"))
	run(t, exec.Command("gcc", "-I", dir, "-o", program, "testdata/postgres/program/program.c", archive, "-lpthread", "-lresolv"))
	reader(func(config string) (string, error) {
		return of(exec.Command(program, config, "bitbucket_repository", "full_name"))
	}).check(t)
}

func TestSQLite(t *testing.T) {
	need(t, "gcc", "sqlite3")
	extension := build(t, "sqlite", true, "-buildmode=c-shared")
	read := func(config, sql string) (string, error) {
		configured := fmt.Sprintf("select steampipe_configure_bitbucket('%s');", config)
		return of(exec.Command("sqlite3", "-bail", ":memory:", ".load "+extension, configured, sql))
	}
	reader(func(config string) (string, error) { return read(config, "select count(*) from bitbucket_repository") }).check(t)

	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: repositories, OneWorkspace: true})
	config := fmt.Sprintf("base_url = %q\naccess_token = %q\n", fake.URL(), fake.AccessToken(fake.Organization().Connected.UUID, fakebitbucket.AllScopes()...))
	slug := fake.Organization().Workspaces[0].Slug
	rows, err := read(config, "select workspace_slug, full_name from bitbucket_repository limit 5")
	if lines := strings.Split(rows, "\n"); err != nil || len(lines) != 5 || !strings.HasPrefix(lines[4], slug+"|"+slug+"/") {
		t.Errorf("%q of LIMIT 5, error %v", rows, err)
	}
	pages := 0
	for _, e := range fake.Journal() {
		if e.Endpoint == "/2.0/repositories/{workspace}" {
			pages++
		}
	}
	if pages != 1 {
		t.Errorf("%d pages read for LIMIT 5", pages)
	}
}
