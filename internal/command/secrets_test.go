package command

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// A watch searches for the credentials that a fake Bitbucket has issued to the plugin.
type watch struct {
	*testing.T
	fake  *fakebitbucket.Server
	extra []string // credentials from elsewhere
}

var longWord = regexp.MustCompile(`[A-Za-z0-9]{12,}`)

// marks returns pieces of the secrets that occur nowhere else. A long token has marks at its beginning and its end, because a
// message may show part of it or encode it.
func (w *watch) marks() []string {
	var marks []string
	for _, secret := range append(w.fake.Issued(), w.extra...) {
		pieces := longWord.FindAllString(secret, -1)
		if len(pieces) > 6 {
			pieces = append(pieces[:3:3], pieces[len(pieces)-3:]...)
		}
		marks = append(marks, pieces...)
		for _, written := range []string{secret, url.QueryEscape(secret)} {
			marks = append(marks, written)
			for offset := range 3 { // inside a text in base 64
				encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("-", offset) + written))
				marks = append(marks, encoded[4:min(len(encoded)-4, 60)])
			}
		}
	}
	return marks
}

// clean fails the test if a text has a secret.
func (w *watch) clean(where string, text []byte) {
	w.Helper()
	for _, mark := range w.marks() {
		if i := bytes.Index(text, []byte(mark)); i >= 0 {
			w.Errorf("%s has a secret: …%.200s", where, text[max(0, i-150):i])
			return
		}
	}
}

// files checks every file below the folders, except for those that are meant to hold secrets.
func (w *watch) files(allowed func(path string) bool, folders ...string) {
	w.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() || allowed(path) {
				return err
			}
			content, err := os.ReadFile(path)
			w.clean(path, content)
			return err
		})
		if err != nil {
			w.Error(err)
		}
	}
}

// processes checks the command lines of the process and its children, which everybody on the machine can see.
func (w *watch) processes() {
	w.Helper()
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		content, err := os.ReadFile(line)
		if err == nil && bytes.Contains(content, []byte(filepath.Dir(programtest.Path(w)))) {
			w.clean("the process list", content)
		}
	}
}

// Only the token file and the user's configuration have secrets: no row, no error, no verbose log, no temporary file and no
// command line does. No other host gets one.
func TestProcessKeepsSecrets(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	w := &watch{T: t, fake: s.Server}
	home, tmp, install := t.TempDir(), t.TempDir(), t.TempDir()
	requested := make(chan struct{}, 100)
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a request to another host: %s", r.URL.Path)
		requested <- struct{}{}
	}))
	t.Cleanup(stranger.Close)
	// run runs a command with all logs, and checks its output and its files.
	run := func(name, stdin string, variables []string, args ...string) outcome {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), programtest.Path(t), append(args, "--verbose")...)
		cmd.Env = append([]string{
			"PATH=" + browserFolder(t), browserVariable + "=1", "HOME=" + home, "TMPDIR=" + tmp, "STEAMPIPE_INSTALL_DIR=" + install,
			"STEAMPIPE_LOG_LEVEL=TRACE", "STEAMPIPE_DIAGNOSTIC_LEVEL=all",
		}, variables...)
		got := finish(t, cmd, strings.NewReader(stdin))
		w.clean(name+", standard output", []byte(got.out))
		w.clean(name+", standard error", []byte(got.err))
		w.files(func(string) bool { return false }, home, tmp)
		return got
	}
	query := func(name, config, sql string, variables ...string) outcome {
		t.Helper()
		return run(name, "", variables, "query", "--timing", "--output", "json", "--config", config, sql)
	}
	succeeds := func(name string, got outcome) {
		t.Helper()
		if got.code != exitOK || !strings.Contains(got.err, "[DEBUG]") {
			t.Errorf("%s: exit code %d: %s", name, got.code, got.err)
		}
	}
	fails := func(name string, got outcome) {
		t.Helper()
		if got.code == exitOK || !strings.Contains(got.err, "Error:") {
			t.Errorf("%s: exit code %d: %s", name, got.code, got.err)
		}
	}

	if got := run("login", "", nil, "login", "--config", s.config, "--callback", s.consumer.Callback); got.code != exitOK {
		t.Fatalf("login: exit code %d: %s", got.code, got.err)
	}
	var all []string
	for _, name := range []string{"bitbucket_user", "bitbucket_my_workspace", "bitbucket_my_repository", "bitbucket_workspace_member", "bitbucket_webhook", "bitbucket_deploy_key", "bitbucket_rate_limit"} {
		all = append(all, "select * from "+name)
	}
	everything := strings.Join(all, "; ")
	succeeds("query", query("query", s.config, everything))
	s.RevokeAccessTokens()
	succeeds("refresh", query("refresh", s.config, everything))

	// Answers that quote the request, or redirect it.
	authorization := func(r *http.Request) string {
		_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		return token
	}
	answers := map[string]http.HandlerFunc{
		"quoted in a page": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintf(w, "<html><p>%s</p></html>", authorization(r))
		},
		"not JSON": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, authorization(r)) },
		"half of JSON": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"values": [{"token": %q`, authorization(r))
		},
		"sent on": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, stranger.URL+"/2.0/user?access_token="+authorization(r), http.StatusTemporaryRedirect)
		},
		"sent to nowhere": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://["+authorization(r))
			w.WriteHeader(http.StatusFound)
		},
		"next elsewhere": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"values": [], "next": "%s/2.0/user/workspaces?page=2&access_token=%s"}`, stranger.URL, authorization(r))
		},
		"next not an address": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"values": [], "next": "http://[%s"}`, authorization(r))
		},
		"cut off": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, authorization(r)[:10])
			panic(http.ErrAbortHandler)
		},
	}
	for _, status := range []int{400, 401, 403, 404, 410, 429, 500, 555} {
		answers[fmt.Sprint("quoted with ", status)] = func(w http.ResponseWriter, r *http.Request) {
			if status == http.StatusTooManyRequests {
				w.Header().Set("Retry-After", "600")
			}
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"type":"error","error":{"message":"%[1]s","detail":{"required":["%[1]s"],"granted":[]},"fields":{"%[1]s":"%[1]s"}}}`, authorization(r))
		}
	}
	for name, handler := range answers {
		s.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHandler, Count: -1, Path: "/2.0/{rest...}", Handler: handler})
		fails(name, query(name, s.config, "select * from bitbucket_my_workspace"))
		s.ClearFaults()
	}

	// The same for the token endpoint. The token file records each refusal, so each case begins with the original file.
	files, err := filepath.Glob(filepath.Join(s.tokenDir, "login-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("token files %v, %v", files, err)
	}
	file := files[0]
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	unrefused := func() {
		if err := os.WriteFile(file, kept, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const tokenAddress = "/site/oauth2/access_token"
	sent := func(r *http.Request) (secret, token string) {
		_ = r.ParseForm()
		_, secret, _ = r.BasicAuth()
		return secret, r.PostForm.Get("refresh_token")
	}
	for name, handler := range map[string]http.HandlerFunc{
		"refused, the token quoted": func(w http.ResponseWriter, r *http.Request) {
			_, token := sent(r)
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error":"unauthorized_client","error_description":"not %s"}`, token)
		},
		"refused, the secret quoted": func(w http.ResponseWriter, r *http.Request) {
			secret, _ := sent(r)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":"%s","error_description":"not %[1]s"}`, secret)
		},
		"trouble, the header quoted": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, `{"error":"server_error","error_description":"%s"}`, r.Header.Get("Authorization"))
		},
		"a page": func(w http.ResponseWriter, r *http.Request) {
			secret, token := sent(r)
			fmt.Fprintf(w, "<html>%s %s</html>", secret, token)
		},
		"redirected": func(w http.ResponseWriter, r *http.Request) {
			_, token := sent(r)
			http.Redirect(w, r, stranger.URL+"/?"+token, http.StatusPermanentRedirect)
		},
	} {
		s.RevokeAccessTokens()
		s.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHandler, Count: -1, Path: tokenAddress, Handler: handler})
		fails(name, query(name, s.config, "select * from bitbucket_user"))
		fails(name+", again", query(name, s.config, "select * from bitbucket_user"))
		s.ClearFaults()
		unrefused()
	}
	succeeds("afterwards", query("afterwards", s.config, "select * from bitbucket_user"))
	s.RevokeAccessTokens()
	s.RevokeGrants()
	fails("a dead grant", query("a dead grant", s.config, "select * from bitbucket_user"))

	// A damaged token file, and its backup.
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content[:len(content)-20], 0o644); err != nil {
		t.Fatal(err)
	}
	fails("a damaged file", query("a damaged file", s.config, "select * from bitbucket_user"))

	// The other authentication methods, from the configuration and the environment, right and wrong.
	o := s.Organization()
	email, apiToken := s.APIToken(o.Connected.UUID)
	address := []spcArgument{{name: "plugin", value: "bitbucket"}, {name: "base_url", value: s.URL()}, {name: "oauth_url", value: s.OAuthURL()}, {name: "token_dir", value: s.tokenDir}}
	seed := s.Grant(s.consumer, o.Connected.UUID)
	w.extra = append(w.extra, "PrivateWordOfAPerson1234", "AnotherWordOfAPerson5678")
	configs := t.TempDir()
	for name, way := range map[string]struct {
		works     bool
		arguments []spcArgument
	}{
		"access token":         {true, []spcArgument{{name: "access_token", value: s.AccessToken(o.Connected.UUID)}}},
		"API token":            {true, []spcArgument{{name: "email", value: email}, {name: "api_token", value: apiToken}}},
		"refresh token":        {true, []spcArgument{{name: "consumer_key", value: s.consumer.Key}, {name: "consumer_secret", value: s.consumer.Secret}, {name: "refresh_token", value: seed}}},
		"wrong access token":   {false, []spcArgument{{name: "access_token", value: "PrivateWordOfAPerson1234"}}},
		"wrong API token":      {false, []spcArgument{{name: "email", value: email}, {name: "api_token", value: "PrivateWordOfAPerson1234"}}},
		"wrong secret":         {false, []spcArgument{{name: "consumer_key", value: s.consumer.Key}, {name: "consumer_secret", value: "PrivateWordOfAPerson1234"}, {name: "refresh_token", value: "AnotherWordOfAPerson5678"}}},
		"two ways":             {false, []spcArgument{{name: "access_token", value: "PrivateWordOfAPerson1234"}, {name: "email", value: email}, {name: "api_token", value: apiToken}}},
		"half a way":           {false, []spcArgument{{name: "consumer_secret", value: "PrivateWordOfAPerson1234"}}},
		"unknown argument":     {false, []spcArgument{{name: "acces_token", value: "PrivateWordOfAPerson1234"}}},
		"control characters":   {false, []spcArgument{{name: "access_token", value: "PrivateWordOfAPerson1234\r\nAnotherWordOfAPerson5678"}}},
		"no HCL":               {false, []spcArgument{{value: `access_token = "PrivateWordOfAPerson1234`, verbatim: true}}},
		"secret without quote": {false, []spcArgument{{value: `access_token = PrivateWordOfAPerson1234`, verbatim: true}}},
		"secret in a list":     {false, []spcArgument{{value: `access_token = ["PrivateWordOfAPerson1234"]`, verbatim: true}}},
	} {
		config := writeFile(t, configs, strings.ReplaceAll(name, " ", "-")+".spc", connectionBlock("work", append(address[:len(address):len(address)], way.arguments...)))
		got := query(name, config, "select * from bitbucket_user")
		if way.works {
			succeeds(name, got)
		} else {
			fails(name, got)
		}
	}
	succeeds("environment", query("environment", writeFile(t, configs, "none.spc", connectionBlock("work", address)), "select * from bitbucket_user",
		"BITBUCKET_USERNAME="+email, "BITBUCKET_PASSWORD="+apiToken))

	// A refused code, and typed input.
	for name, stdin := range map[string]string{
		"a wrong code": s.consumer.Callback + "?code=PrivateWordOfAPerson1234&state=x\n",
		"nothing":      "\n",
	} {
		fails(name, run(name, stdin, nil, "login", "--no-browser", "--config", s.config, "--callback", s.consumer.Callback))
	}

	// The command line of a running process is public.
	var inSight sync.Once
	s.Inject(fakebitbucket.Fault{Count: -1, Path: "/2.0/{rest...}", Kind: fakebitbucket.FaultHandler, Handler: func(rw http.ResponseWriter, r *http.Request) {
		inSight.Do(w.processes)
		s.Answer(rw, r)
	}})
	succeeds("in sight", query("in sight", filepath.Join(configs, "access-token.spc"), "select * from bitbucket_user"))

	w.files(func(string) bool { return false }, home, tmp)
	w.files(func(path string) bool { return strings.HasPrefix(path, s.tokenDir) }, install, filepath.Dir(s.tokenDir))
	if len(w.fake.Issued()) < 10 || len(requested) > 0 {
		t.Errorf("%d secrets were issued, want many; %d requests to another host", len(w.fake.Issued()), len(requested))
	}
}
