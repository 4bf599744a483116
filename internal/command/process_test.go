package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/shared"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// process returns the program as a process without a browser and without a connection.
func process(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), programtest.Path(t), args...)
	cmd.Env = []string{"PATH=" + t.TempDir(), "STEAMPIPE_INSTALL_DIR=" + t.TempDir(), "HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir()}
	return cmd
}

// runProcess runs the program to its end.
func runProcess(t *testing.T, stdin io.Reader, args ...string) outcome {
	t.Helper()
	return finish(t, process(t, args...), stdin)
}

func finish(t *testing.T, cmd *exec.Cmd, stdin io.Reader) outcome {
	t.Helper()
	var out, err bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &err
	if failed := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(failed)
	}
	return outcome{cmd.ProcessState.ExitCode(), out.String(), err.String()}
}

func TestProcessHelp(t *testing.T) {
	t.Parallel()
	got := runProcess(t, nil)
	if got.code != exitOK || got.err != "" {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	for _, step := range []string{program + " demo\n", program + " login\n", program + " query \"select"} {
		if !strings.Contains(got.out, step) {
			t.Errorf("the help has no %q:\n%s", step, got.out)
		}
	}
	if strings.Contains(got.out, "This binary is a plugin") {
		t.Errorf("the help is go-plugin's:\n%s", got.out)
	}
}

func TestProcessServesPluginHost(t *testing.T) {
	t.Parallel()
	cmd := process(t)
	cmd.Env = append(cmd.Env, shared.Handshake.MagicCookieKey+"="+shared.Handshake.MagicCookieValue)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !regexp.MustCompile(`^1\|\d+\|unix\|.+\|grpc\|`).MatchString(line) {
		t.Errorf("handshake %q, %v", line, err)
	}
}

// A user logs in with a browser, and then queries. Only the token file connects the two processes.
func TestProcessLoginThenQuery(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	cmd := process(t, "login", "--config", s.config, "--callback", s.consumer.Callback)
	cmd.Env = append(cmd.Env, "PATH="+browserFolder(t), browserVariable+"=1")
	got := finish(t, cmd, nil)
	if got.code != exitOK || !strings.Contains(got.out, "harbor-labs (administrator)") || strings.Contains(got.out+got.err, "chatter") {
		t.Fatalf("login: exit code %d\n%s%s", got.code, got.out, got.err)
	}
	s.checkSecrets(t, got)

	got = runProcess(t, strings.NewReader("select slug from work.bitbucket_my_workspace order by slug;\nselect count(*) as n from bitbucket_workspace"),
		"query", "--config", s.config, "--output", "json")
	want := outcome{exitOK, "[\n[\n{\"slug\":\"QuarryTools\"},\n{\"slug\":\"harbor-labs\"}\n],\n[\n{\"n\":2}\n]\n]\n", ""}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	if s.Rotations() != 0 {
		t.Errorf("%d refreshes: the query did not use the login's token", s.Rotations())
	}
}

// browserFolder returns a folder for the PATH in which this test binary is the browser.
func browserFolder(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"xdg-open", "open"} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestProcessLoginPasted(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.consumer = s.SetCallback(s.consumer, "https://oauth.example.com")
	cmd := process(t, "login", "--no-browser", "--callback", s.consumer.Callback, "--consumer-key", s.consumer.Key)
	cmd.Env = append(cmd.Env, "BITBUCKET_TOKEN_DIR="+s.tokenDir, "BITBUCKET_OAUTH_URL="+s.OAuthURL(), "BITBUCKET_API_BASE_URL="+s.URL())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, cmd)
	io.WriteString(in, s.consumer.Secret+"\n")
	io.WriteString(in, redirectOf(t, waitForAddress(t, p.err.Wait))+"\n")
	got := p.end()
	if got.code != exitOK || !strings.Contains(got.out, "Logged in:") {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
	s.checkSecrets(t, got)
}

// A runningProcess is a process that a test types to.
type runningProcess struct {
	*exec.Cmd
	out  bytes.Buffer
	err  *programtest.Transcript
	done chan struct{} // closed when it has ended
}

func startProcess(t *testing.T, cmd *exec.Cmd) *runningProcess {
	t.Helper()
	p := &runningProcess{Cmd: cmd, err: programtest.NewTranscript(), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, p.err
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.Wait() // the exit code tells
		p.err.End()
	}()
	return p
}

// end waits for the end of the process.
func (p *runningProcess) end() outcome {
	<-p.done
	return outcome{p.ProcessState.ExitCode(), p.out.String(), p.err.String()}
}

// silentBitbucket starts a server that never answers.
func silentBitbucket(t *testing.T) (address string, requested <-chan struct{}) {
	t.Helper()
	requests := make(chan struct{}, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		requests <- struct{}{}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

func TestProcessCancelledQuery(t *testing.T) {
	t.Parallel()
	address, requested := silentBitbucket(t)
	config := writeFile(t, t.TempDir(), "a.spc", connectionBlock("work", []spcArgument{
		{name: "plugin", value: "bitbucket"}, {name: "access_token", value: "hush"}, {name: "base_url", value: address},
	}))
	for format := range formats {
		p := startProcess(t, process(t, "query", "--config", config, "--output", format, "select 1 as before; select * from bitbucket_repository"))
		<-requested
		if err := p.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		got := p.end()
		if got.code != exitCancelled || got.err != "Error: cancelled\n" {
			t.Errorf("%s: exit code %d and %q, want %d and that it was cancelled", format, got.code, got.err, exitCancelled)
		}
		if json.Valid([]byte(got.out)) && format != "jsonl" { // which has no end
			t.Errorf("%s: standard output is a complete document: %q", format, got.out)
		}
	}
}

// If the user cancels while a token is renewed, the program waits for it, because the old token may be used up.
func TestProcessCancelledRefresh(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	requested, answer := make(chan struct{}), make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(requested)
		<-answer
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(gate.Close)
	refresh := s.Grant(s.consumer, s.Organization().Connected.UUID)
	content := strings.Replace(s.connection("work", s.tokenDir), "}\n", "  refresh_token = \""+refresh+"\"\n}\n", 1)
	content = strings.Replace(content, s.OAuthURL(), gate.URL+"/site/oauth2", 1)
	config := writeFile(t, t.TempDir(), "a.spc", content)
	p := startProcess(t, process(t, "query", "--config", config, "select * from bitbucket_user"))
	<-requested
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if p.err.Wait(regexp.MustCompile("^Error: cancelled\nWaiting for a renewed token to be saved.\n")) == nil {
		t.Errorf("the program did not say that it waits: %s", p.err.String())
	}
	close(answer)
	got := p.end()
	if got.code != exitCancelled {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	s.checkSecrets(t, got)
	if got := runProcess(t, nil, "query", "--config", config, "select 1 from bitbucket_user"); got.code != exitOK || s.Rotations() != 1 {
		t.Errorf("the next query: exit code %d, %s, after %d rotations; want 1", got.code, got.err, s.Rotations())
	}
}

func TestProcessCancelledLogin(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"waiting for the browser": nil, "waiting for the address": {"--no-browser"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			cmd := process(t, append([]string{"login", "--config", s.config, "--callback", s.consumer.Callback}, args...)...)
			in, err := cmd.StdinPipe() // which stays open
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			p := startProcess(t, cmd)
			waitForAddress(t, p.err.Wait)
			if err := p.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			if got := p.end(); got.code != exitCancelled || !strings.HasSuffix(got.err, "\nError: cancelled\n") {
				t.Errorf("exit code %d: %s", got.code, got.err)
			}
			if left, err := os.ReadDir(s.tokenDir); err != nil || len(left) > 0 {
				t.Errorf("left in the token folder: %v, %v", left, err)
			}
		})
	}
}

// A demo that is cancelled leaves no token file behind.
func TestProcessCleansUp(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	cmd := process(t, "query", "--demo", "--output", "csv", "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n")
	cmd.Env = append(cmd.Env, "TMPDIR="+tmp)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, lines); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the test checks the exit code
	if code := cmd.ProcessState.ExitCode(); code != exitCancelled || stderr.String() != "Error: cancelled\n" {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// If the reader exits, such as head, the query ends without a message.
func TestProcessBrokenPipe(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"csv", "json", "line"} {
		cmd := process(t, "query", "--demo", "--output", format, "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		out.Close()
		_ = cmd.Wait() // the test checks the exit code
		if code := cmd.ProcessState.ExitCode(); code != exitFailed || stderr.String() != "" {
			t.Errorf("%s: exit code %d and %q, want %d and nothing", format, code, stderr.String(), exitFailed)
		}
	}
}

func TestProcessExitCodes(t *testing.T) {
	t.Parallel()
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	config := configOf(t, fake)
	tests := map[string]struct {
		args []string
		want int
	}{
		"answered":     {[]string{"query", "--config", config, "select 1"}, exitOK},
		"failed":       {[]string{"query", "--config", config, "select nope"}, exitFailed},
		"wrong usage":  {[]string{"query", "--nope"}, exitUsage},
		"no command":   {[]string{"quer"}, exitUsage},
		"no SQL":       {[]string{"query", "--config", config}, exitUsage},
		"no arguments": {[]string{"login"}, exitUsage},
	}
	for name, tt := range tests {
		got := runProcess(t, nil, tt.args...)
		if got.code != tt.want {
			t.Errorf("%s: exit code %d, want %d: %s", name, got.code, tt.want, got.err)
		}
		if strings.Contains(got.err, "Usage:") || strings.Contains(got.err, "goroutine") {
			t.Errorf("%s: more than a sentence: %s", name, got.err)
		}
	}
}

func TestProcessVerbose(t *testing.T) {
	t.Parallel()
	const sql = "select count(*) as n from bitbucket_my_workspace"
	quiet := runProcess(t, nil, "query", "--demo", "--output", "csv", sql)
	if diff := cmp.Diff(outcome{exitOK, "n\n2\n", ""}, quiet, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("without --verbose (-want +got):\n%s", diff)
	}
	verbose := runProcess(t, nil, "query", "--demo", "--output", "csv", "--verbose", sql)
	if verbose.out != quiet.out || !strings.Contains(verbose.err, "[DEBUG]") {
		t.Errorf("with --verbose: %q, %q", verbose.out, verbose.err)
	}
	if strings.Contains(verbose.err, "access-") || strings.Contains(verbose.err, "refresh-") || strings.Contains(verbose.err, "secret-") {
		t.Errorf("the log has a secret: %s", verbose.err)
	}
	cmd := process(t, "query", "--demo", "--output", "csv", sql)
	cmd.Env = append(cmd.Env, "STEAMPIPE_LOG_LEVEL=INFO")
	if byVariable := finish(t, cmd, nil); !strings.Contains(byVariable.err, "[INFO]") {
		t.Errorf("with STEAMPIPE_LOG_LEVEL: %q", byVariable.err)
	}
}
