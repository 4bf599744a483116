package command

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// A setup is a Bitbucket with a consumer, and a .spc file with a connection for it.
type setup struct {
	*fakebitbucket.Server
	consumer fakebitbucket.Consumer
	tokenDir string
	config   string
}

func newSetup(t *testing.T, scopes ...string) *setup {
	t.Helper()
	s := &setup{Server: fakebitbucket.Start(t, fakebitbucket.Options{}), tokenDir: filepath.Join(t.TempDir(), "tokens")}
	s.consumer = s.SetCallback(s.Consumer("harbor-labs", scopes...), freeCallback(t))
	s.config = writeFile(t, t.TempDir(), "bitbucket.spc", s.connection("work", s.tokenDir))
	return s
}

func (s *setup) connection(name, tokenDir string) string {
	return connectionBlock(name, []argument{
		{name: "plugin", value: "bitbucket"},
		{name: "consumer_key", value: s.consumer.Key},
		{name: "consumer_secret", value: s.consumer.Secret},
		{name: "token_dir", value: tokenDir},
		{name: "base_url", value: s.URL()},
		{name: "oauth_url", value: s.OAuthURL()},
	})
}

// freeCallback returns a callback URL on a port that nobody uses.
func freeCallback(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprintf("http://localhost:%d/callback", l.Addr().(*net.TCPAddr).Port)
}

// login runs the command with a browser that does as it says.
func (s *setup) login(t *testing.T, stdin string, browse func(address string) error, args ...string) outcome {
	t.Helper()
	args = append([]string{"login", "--callback", s.consumer.Callback, "--timeout", "20s"}, args...)
	got := runWith(t, strings.NewReader(stdin), func(c *console) {
		if browse != nil {
			c.browse = browse
		}
	}, args...)
	s.checkSecrets(t, got)
	return got
}

// checkSecrets looks for what must never be shown.
func (s *setup) checkSecrets(t *testing.T, got outcome) {
	t.Helper()
	secrets := []string{s.consumer.Secret, url.QueryEscape(s.consumer.Secret), "access-", "refresh-"}
	for _, secret := range secrets {
		if strings.Contains(got.out+got.err, secret) {
			t.Errorf("the output shows a secret: %s", secret)
		}
	}
}

// follow is a browser at which a person decides at once.
func follow(address string) error {
	resp, err := http.Get(address)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func TestLogin(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	got := s.login(t, "", follow, "--config", s.config)
	if got.code != exitOK {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	user := s.Organization().Connected
	files, err := filepath.Glob(filepath.Join(s.tokenDir, "*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("token files %v, %v; want one", files, err)
	}
	want := fmt.Sprintf(`Authorized:  %s %s
Workspaces:  harbor-labs (administrator)
             QuarryTools (member)
Scopes:      SCOPES
Tables:      all are available
Token file:  %s

Replace the connection "work" at %s:1 with:

connection "work" {
  plugin       = "bitbucket"
  consumer_key = "%s"
  # consumer_secret = "..."  # as it is now, or in BITBUCKET_OAUTH_CLIENT_SECRET
  token_dir = "%s"
  base_url  = "%s"
  oauth_url = "%s"
}
`, user.DisplayName, user.UUID, files[0], s.config, s.consumer.Key, s.tokenDir, s.URL(), s.OAuthURL())
	scopes := regexp.MustCompile(`(?m)^(Scopes: +).*$`)
	if diff := cmp.Diff(want, scopes.ReplaceAllString(got.out, "${1}SCOPES")); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	for _, said := range []string{"Using the consumer of connection work.", s.consumer.Callback, "/authorize?"} {
		if !strings.Contains(got.err, said) {
			t.Errorf("the person was not told %q:\n%s", said, got.err)
		}
	}
	for _, p := range permissions {
		if !strings.Contains(got.err, "    "+p.String()+" ") || !strings.Contains(got.err, " "+p.use+"\n") {
			t.Errorf("the person was not told of the permission %s:\n%s", p, got.err)
		}
	}

	answered := runCommand(t, "", "query", "--config", s.config, "--output", "csv", "select display_name from bitbucket_user")
	if diff := cmp.Diff(outcome{exitOK, "display_name\n" + user.DisplayName + "\n", ""}, answered, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("query after the login (-want +got):\n%s", diff)
	}
}

// The block that a login prints makes a connection, with the secret from where it says.
func TestLoginBlock(t *testing.T) {
	s := newSetup(t)
	got := s.login(t, "", follow, "--config", s.config)
	_, block, found := strings.Cut(got.out, "with:\n\n")
	if !found {
		t.Fatalf("no block in %q (%s)", got.out, got.err)
	}
	t.Setenv("BITBUCKET_OAUTH_CLIENT_SECRET", s.consumer.Secret)
	config := writeFile(t, t.TempDir(), "pasted.spc", block)
	answered := runCommand(t, "", "query", "--config", config, "--output", "csv", "select count(*) as n from work.bitbucket_my_workspace")
	if diff := cmp.Diff(outcome{exitOK, "n\n2\n", ""}, answered, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("query with the block (-want +got):\n%s", diff)
	}
}

func TestLoginScopes(t *testing.T) {
	t.Parallel()
	all := func(but string) []string {
		var scopes []string
		for _, p := range permissions {
			if p.scope != but {
				scopes = append(scopes, p.scope)
			}
		}
		return scopes
	}
	const again = "\n             To get them, give the consumer these permissions and log in again.\n"
	tests := map[string]struct {
		scopes []string
		want   []string
		not    string
	}{
		"the smallest set": {
			scopes: all("repository"), // which others imply
			want:   []string{"\nTables:      all are available\n"},
		},
		"no pull requests": {
			scopes: all("pullrequest"),
			want:   []string{"\nTables:      not available without pullrequest (Pull requests: Read): bitbucket_", again},
			not:    "bitbucket_repository,",
		},
		"the account alone": {
			scopes: []string{"account"},
			want: []string{
				"\nWorkspaces:  harbor-labs (administrator)\n             QuarryTools (member)\nScopes:      account\n",
				"\nTables:      not available without repository (Repositories: Read): bitbucket_", ", bitbucket_my_repository, ", again,
			},
			not: "bitbucket_my_workspace",
		},
		"not the account": {
			scopes: []string{"repository"},
			want: []string{
				"Authorized:  unknown: the scope account was not granted\nWorkspaces:  unknown: the scope account was not granted\nScopes:      repository\n",
				"\nTables:      not available without account (Account: Read): bitbucket_", ", bitbucket_my_repository, ", again,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, tt.scopes...)
			got := s.login(t, "", follow, "--config", s.config)
			for _, want := range tt.want {
				if got.code != exitOK || !strings.Contains(got.out, want) {
					t.Errorf("exit code %d, %s\n%swant\n%s", got.code, got.err, got.out, want)
				}
			}
			if tt.not != "" && strings.Contains(got.out, tt.not) {
				t.Errorf("%s is left out:\n%s", tt.not, got.out)
			}
		})
	}
}

func TestLoginFails(t *testing.T) {
	t.Parallel()
	decline := func(s *setup) func(string) error {
		s.SetConsenting("")
		return follow
	}
	nobody := func(*setup) func(string) error { return func(string) error { return nil } }
	unused := func(*setup) func(string) error { return nil } // sending somebody to a browser fails the test
	tests := map[string]struct {
		browse func(*setup) func(string) error
		args   func(*testing.T, *setup) []string
		stdin  string
		code   int
		want   string
	}{
		"the person declines": {browse: decline, code: exitFailed, want: "access was denied on Bitbucket's page"},
		"nobody answers": {
			browse: nobody, code: exitFailed, want: "nobody granted access in time",
			args: func(*testing.T, *setup) []string { return []string{"--timeout", "30ms"} },
		},
		"somebody else's answer": {
			browse: func(s *setup) func(string) error {
				return func(string) error { return follow(s.consumer.Callback + "?code=stolen&state=another") }
			},
			args: func(*testing.T, *setup) []string { return []string{"--timeout", "100ms"} },
			code: exitFailed, want: "nobody granted access in time",
		},
		"a wrong secret": {
			browse: func(*setup) func(string) error { return follow },
			args:   func(*testing.T, *setup) []string { return []string{"--consumer-secret-stdin"} }, stdin: "wrong-secret\n",
			code: exitFailed, want: "Bitbucket refused the authorization code",
		},
		"a token folder that can't be": {
			browse: unused, code: exitFailed, want: "can't be written",
			args: func(t *testing.T, s *setup) []string {
				file := writeFile(t, t.TempDir(), "a-file", "")
				return []string{"--config", writeFile(t, t.TempDir(), "a.spc", s.connection("work", filepath.Join(file, "tokens")))}
			},
		},
		"a port that is taken": {
			browse: unused, code: exitUsage, want: "can't listen at",
			args: func(_ *testing.T, s *setup) []string { return []string{"--callback", s.URL()} },
		},
		"a callback elsewhere": {
			browse: unused, code: exitUsage, want: "Log in with --no-browser",
			args: func(*testing.T, *setup) []string { return []string{"--callback", "https://oauth.example.com"} },
		},
		"no time at all": {
			browse: unused, code: exitUsage, want: "--timeout is 0s",
			args: func(*testing.T, *setup) []string { return []string{"--timeout", "0"} },
		},
		"two consumers named": {
			browse: unused, code: exitUsage, want: "give only one",
			args: func(*testing.T, *setup) []string { return []string{"--consumer-key", "k", "--connection", "work"} },
		},
		"an unknown connection": {
			browse: unused, code: exitUsage, want: "unknown connection home: choose work",
			args: func(*testing.T, *setup) []string { return []string{"--connection", "home"} },
		},
		"several consumers": {
			browse: unused, code: exitUsage, want: "choose one, two with --connection",
			args: func(t *testing.T, s *setup) []string {
				return []string{"--config", writeFile(t, t.TempDir(), "a.spc", s.connection("one", s.tokenDir)+s.connection("two", s.tokenDir))}
			},
		},
		"a connection without a consumer": {
			browse: unused, code: exitUsage, want: "connection token has no consumer_key",
			args: func(t *testing.T, s *setup) []string {
				return []string{"--connection", "token", "--config", writeFile(t, t.TempDir(), "a.spc",
					connectionBlock("token", []argument{{name: "plugin", value: "bitbucket"}, {name: "access_token", value: "hush"}}))}
			},
		},
		"an aggregator": {
			browse: unused, code: exitUsage, want: "connection all is an aggregator: log in with each of work",
			args: func(t *testing.T, s *setup) []string {
				return []string{"--connection", "all", "--config", writeFile(t, t.TempDir(), "a.spc", s.connection("work", s.tokenDir)+
					"connection \"all\" {\n  plugin = \"bitbucket\"\n  type = \"aggregator\"\n  connections = [\"*\"]\n}\n")}
			},
		},
		"a wrong address of the API": {
			browse: unused, code: exitUsage, want: "base_url",
			args: func(t *testing.T, s *setup) []string {
				return []string{"--config", writeFile(t, t.TempDir(), "a.spc", strings.ReplaceAll(s.connection("work", s.tokenDir), s.URL()+`"`, `http://example.com"`))}
			},
		},
		"no secret": {
			browse: unused, code: exitUsage, want: `no input for "Consumer secret"`,
			args: func(*testing.T, *setup) []string { return []string{"--consumer-key", "k"} },
		},
		"an argument": {
			browse: unused, code: exitUsage, want: "login takes no argument",
			args: func(*testing.T, *setup) []string { return []string{"please"} },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			args := []string{"--config", s.config}
			if tt.args != nil {
				args = append(args, tt.args(t, s)...)
			}
			got := s.login(t, tt.stdin, tt.browse(s), args...)
			last := got.err[strings.LastIndex(strings.TrimSpace(got.err), "\n")+1:]
			if got.code != tt.code || !strings.HasPrefix(last, "Error: ") || !strings.Contains(last, tt.want) {
				t.Errorf("exit code %d and %q, want %d and %q", got.code, last, tt.code, tt.want)
			}
			if got.out != "" {
				t.Errorf("standard output has %q", got.out)
			}
			if files, _ := filepath.Glob(filepath.Join(s.tokenDir, "*.json")); len(files) > 0 {
				t.Errorf("there is a token file: %v", files)
			}
			if strings.Contains(got.out+got.err, "hush") || strings.Contains(got.out+got.err, "wrong-secret") {
				t.Errorf("the output shows a secret: %s", got.err)
			}
		})
	}
}

// An answer that doesn't belong to the login is waited past.
func TestLoginWrongStateThenRight(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	got := s.login(t, "", func(address string) error {
		if err := follow(s.consumer.Callback + "?code=stolen&state=another"); err != nil {
			return err
		}
		return follow(address)
	}, "--config", s.config)
	if got.code != exitOK {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}

// A browser that can't be opened is no error: the address is there.
func TestLoginWithoutWorkingBrowser(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	d := newDialog(t, func(c *console) {
		c.browse = func(string) error { return os.ErrNotExist }
	}, "login", "--callback", s.consumer.Callback, "--config", s.config)
	if err := follow(d.address()); err != nil {
		t.Fatal(err)
	}
	if got := d.end(); got.code != exitOK {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}

func TestLoginPasted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		paste func(redirect string) []string
		code  int
		want  string
	}{
		"the whole address":       {func(r string) []string { return []string{r} }, exitOK, "Authorized:"},
		"the clipboard was older": {func(r string) []string { return []string{"https://example.com/news", r} }, exitOK, "Authorized:"},
		"another state": {func(r string) []string { return []string{strings.Replace(r, "state=", "state=x", 1)} }, exitFailed,
			"the answer doesn't belong to this login"},
		"nothing more": {func(string) []string { return []string{"https://example.com/news"} }, exitUsage, "no input for"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			s.consumer = s.SetCallback(s.consumer, "https://oauth.example.com")
			d := newDialog(t, func(*console) {}, "login", "--no-browser", "--callback", s.consumer.Callback, "--config", s.config)
			for _, line := range tt.paste(redirectOf(t, d.address())) {
				d.say(line)
			}
			got := d.end()
			if got.code != tt.code || !strings.Contains(got.out+got.err, tt.want) {
				t.Errorf("exit code %d, %s%s; want %d and %q", got.code, got.out, got.err, tt.code, tt.want)
			}
			s.checkSecrets(t, got)
		})
	}
}

func TestLoginNothingPasted(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	d := newDialog(t, func(*console) {}, "login", "--no-browser", "--timeout", "30ms", "--config", s.config)
	d.address()
	if code := <-d.done; code != exitFailed || !strings.Contains(d.heard.text.String(), "\nError: the address was not entered in time") {
		t.Errorf("exit code %d: %s", code, d.heard.text.String())
	}
}

// redirectOf returns where the authorization page sends the person, without going there.
func redirectOf(t *testing.T, address string) string {
	t.Helper()
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := stay.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.Header.Get("Location")
}

// What is missing is asked for, the secret last.
func TestLoginAsks(t *testing.T) {
	s := newSetup(t)
	t.Setenv("STEAMPIPE_INSTALL_DIR", t.TempDir())
	t.Setenv("BITBUCKET_TOKEN_DIR", s.tokenDir)
	t.Setenv("BITBUCKET_OAUTH_URL", s.OAuthURL())
	t.Setenv("BITBUCKET_API_BASE_URL", s.URL())
	got := s.login(t, s.consumer.Key+"\n"+s.consumer.Secret+"\n", follow)
	if got.code != exitOK || !strings.Contains(got.err, "Consumer key: Consumer secret: ") || !strings.Contains(got.out, "\nconnection \"bitbucket\" {\n  plugin       = \"local/bitbucket\"\n") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
	}
}

func TestLoginFromEnvironment(t *testing.T) {
	tests := map[string]struct {
		key, secret string // of the environment; "" for the consumer's
		args        []string
		stdin       string
		code        int
	}{
		"key and secret":                   {},
		"the key as a flag too":            {args: []string{"--consumer-key", "KEY"}},
		"another consumer's secret":        {key: "other", secret: "other", args: []string{"--consumer-key", "KEY"}, stdin: "SECRET"},
		"a secret that is overridden":      {secret: "other", args: []string{"--consumer-secret-stdin"}, stdin: "SECRET"},
		"another consumer's secret, alone": {key: "other", secret: "other", args: []string{"--consumer-key", "KEY"}, code: exitUsage},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t)
			filled := strings.NewReplacer("KEY", s.consumer.Key, "SECRET", s.consumer.Secret)
			t.Setenv("STEAMPIPE_INSTALL_DIR", t.TempDir())
			t.Setenv("BITBUCKET_OAUTH_CLIENT_ID", orElse(tt.key, s.consumer.Key))
			t.Setenv("BITBUCKET_OAUTH_CLIENT_SECRET", orElse(tt.secret, s.consumer.Secret))
			t.Setenv("BITBUCKET_OAUTH_URL", s.OAuthURL())
			t.Setenv("BITBUCKET_API_BASE_URL", s.URL())
			var args []string
			for _, arg := range tt.args {
				args = append(args, filled.Replace(arg))
			}
			if got := s.login(t, filled.Replace(tt.stdin), follow, args...); got.code != tt.code {
				t.Errorf("exit code %d, %s; want %d", got.code, got.err, tt.code)
			}
		})
	}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// What in the configuration would be used instead of the login: the person is told.
func TestLoginNotesWhatIsUsedInstead(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ argument, want string }{
		"a seed":       {`refresh_token = "refresh-old"`, "contains a refresh token. It takes precedence over this login: remove it."},
		"a grant type": {`grant_type = "client_credentials"`, "contains a grant type. The consumer would authorize itself and ignore this login: remove it."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			declared := strings.Replace(s.connection("work", s.tokenDir), "}\n", "  "+tt.argument+"\n}\n", 1)
			got := s.login(t, "", follow, "--config", writeFile(t, t.TempDir(), "a.spc", declared))
			if got.code != exitOK || !strings.Contains(got.err, tt.want) || strings.Contains(got.out, tt.argument) {
				t.Errorf("exit code %d: %s%s", got.code, got.out, got.err)
			}
		})
	}
}

// A refusal after the token is kept says that it is.
func TestLoginFirstRequestFails(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultStatus, Status: http.StatusNotFound, Path: "/2.0/user", Count: -1})
	got := s.login(t, "", follow, "--config", s.config)
	if got.code != exitFailed || !strings.Contains(got.err, "Error: access was granted and the token was saved in "+s.tokenDir) {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}

// A dialog is a command in process that a test talks with.
type dialog struct {
	t     *testing.T
	in    *io.PipeWriter
	done  chan int
	out   strings.Builder
	heard *heard
}

func newDialog(t *testing.T, prepare func(*console), args ...string) *dialog {
	t.Helper()
	r, w := io.Pipe()
	d := &dialog{t: t, in: w, done: make(chan int, 1), heard: newHeard()}
	c := newConsole(r, &d.out, d.heard)
	prepare(c)
	ctx := t.Context()
	go func() {
		code := run(ctx, c, args)
		d.heard.end()
		d.done <- code
	}()
	t.Cleanup(func() { w.Close() })
	return d
}

// address waits for the address of the authorization page, and returns it.
func (d *dialog) address() string {
	d.t.Helper()
	return waitForAddress(d.t, d.heard.wait)
}

var authorizationPage = regexp.MustCompile(`(?m)^  (http\S+/authorize\?\S+)\n`)

func waitForAddress(t *testing.T, wait func(*regexp.Regexp) []string) string {
	t.Helper()
	found := wait(authorizationPage)
	if found == nil {
		t.Fatal("the command ended without an address to open")
	}
	return found[1]
}

// say enters a line.
func (d *dialog) say(line string) {
	d.t.Helper()
	if _, err := io.WriteString(d.in, line+"\n"); err != nil {
		d.t.Fatal(err)
	}
}

// end ends the input, and returns what the command came to.
func (d *dialog) end() outcome {
	d.in.Close()
	code := <-d.done
	return outcome{code, d.out.String(), d.heard.text.String()}
}

// A heard is what a command has written so far.
type heard struct {
	sync.Mutex // guards what follows
	more       *sync.Cond
	text       strings.Builder
	ended      bool
}

func newHeard() *heard {
	h := &heard{}
	h.more = sync.NewCond(h)
	return h
}

func (h *heard) Write(p []byte) (int, error) {
	h.Lock()
	defer h.Unlock()
	defer h.more.Broadcast()
	return h.text.Write(p)
}

func (h *heard) end() {
	h.Lock()
	defer h.Unlock()
	h.ended = true
	h.more.Broadcast()
}

// wait waits until the expression matches, and returns what it does; nil if the command ended without.
func (h *heard) wait(expression *regexp.Regexp) []string {
	h.Lock()
	defer h.Unlock()
	for {
		if found := expression.FindStringSubmatch(h.text.String()); found != nil || h.ended {
			return found
		}
		h.more.Wait()
	}
}

// The scopes for each table are known, and login asks for them and no others.
func TestRequirements(t *testing.T) {
	t.Parallel()
	tables, err := schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, table := range tables {
		want[table.Name] = true
	}
	got := map[string]bool{}
	asked, needed := map[string]bool{}, map[string]bool{}
	for _, p := range permissions {
		asked[p.scope] = true
	}
	for _, r := range bitbucket.Requirements() {
		got[r.Table] = true
		for _, scope := range r.Scopes {
			needed[scope] = true
		}
	}
	if diff := cmp.Diff(needed, asked); diff != "" {
		t.Errorf("scopes that login asks for (-needed +asked):\n%s", diff)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables with requirements (-want +got):\n%s", diff)
	}
}

// Who makes the consumer by the documentation gives it the same permissions: the index lists them, and the README says that
// login does.
func TestPermissionsDocumented(t *testing.T) {
	t.Parallel()
	words := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(text)), " ")
	}
	if !strings.Contains(words("../../README.md"), "the permissions that `login` lists") {
		t.Error("the README does not say which permissions a consumer needs")
	}
	index := words("../../docs/index.md")
	for _, p := range permissions {
		if !strings.Contains(index, p.box) || !strings.Contains(index, "`"+p.scope+"`") {
			t.Errorf("docs/index.md doesn't ask for %s", p)
		}
	}
}

func TestMissingScopes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		granted []string
		want    []string
	}{
		"all":                  {[]string{"account", "repository"}, nil},
		"none":                 {nil, []string{"account", "repository"}},
		"implied by another":   {[]string{"account", "project"}, nil},
		"admin implies no use": {[]string{"account", "repository:admin"}, []string{"repository"}},
	}
	for name, tt := range tests {
		got := missing(bitbucket.Requirement{Scopes: []string{"account", "repository"}}, tt.granted)
		if strings.Join(got, " ") != strings.Join(tt.want, " ") {
			t.Errorf("%s: missing = %v, want %v", name, got, tt.want)
		}
	}
}

func TestDefaultBlockNamesNoDefaults(t *testing.T) {
	t.Setenv("STEAMPIPE_INSTALL_DIR", "/somewhere")
	key := `k"${x}`
	target, err := (&login{key: key}).keyTarget(nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = `connection "bitbucket" {
  plugin       = "local/bitbucket"
  consumer_key = "k\"$${x}"
  # consumer_secret = "..."  # here, or in BITBUCKET_OAUTH_CLIENT_SECRET
}
`
	if diff := cmp.Diff(want, target.block()); diff != "" {
		t.Errorf("block (-want +got):\n%s", diff)
	}
	if target.settings.OAuthURL != auth.DefaultURL {
		t.Errorf("the authorization server is %s", target.settings.OAuthURL)
	}
}
