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
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/bitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/programtest"
)

// A setup is a fake Bitbucket with a consumer, and a .spc file with a connection to it.
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
	return connectionBlock(name, []spcArgument{
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

// checkSecrets fails the test if the output has a secret.
func (s *setup) checkSecrets(t *testing.T, got outcome) {
	t.Helper()
	secrets := []string{s.consumer.Secret, url.QueryEscape(s.consumer.Secret), "access-", "refresh-"}
	for _, secret := range secrets {
		if strings.Contains(got.out+got.err, secret) {
			t.Errorf("the output shows a secret: %s", secret)
		}
	}
}

// follow is a browser whose user decides at once.
func follow(address string) error {
	resp, err := http.Get(address)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// suggested matches the query that a login suggests.
var suggested = regexp.MustCompile(`(?s)\n\n(?:Try|Then try):\n\n  steampipe-plugin-bitbucket query (?:--config (\S+) )?"([^"]+)"\n$`)

// try runs the query that a login suggested, and returns its rows.
func try(t *testing.T, said string) []string {
	t.Helper()
	found := suggested.FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("the login does not end with a query:\n%s", said)
	}
	args := []string{"query", "--output", "csv"}
	if found[1] != "" {
		args = append(args, "--config", found[1])
	}
	got := runCommand(t, "", append(args, found[2])...)
	if got.code != exitOK || got.err != "" {
		t.Fatalf("the query that the login ends with: exit code %d, %s", got.code, got.err)
	}
	return strings.Split(strings.TrimSpace(got.out), "\n")[1:]
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
	repositories := try(t, got.out)
	want := fmt.Sprintf(`Logged in:     %s (%s) %s
Workspaces:    harbor-labs (administrator)
               QuarryTools (member)
Repositories:  %d
Scopes:        SCOPES
Tables:        all are available
Token file:    %s

There is nothing to change in the connection "work" at %s:1.

Try:

  steampipe-plugin-bitbucket query --config %s "select full_name, permission from bitbucket_my_repository"
`, user.DisplayName, user.Email, user.UUID, len(repositories), files[0], s.config, s.config)
	scopes := regexp.MustCompile(`(?m)^(Scopes: +).*$`)
	if diff := cmp.Diff(want, scopes.ReplaceAllString(got.out, "${1}SCOPES")); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	wantErr := regexp.MustCompile(`^Using the consumer of connection work.
Open this address in a browser, and grant access:

  http://127.0.0.1:\d+/site/oauth2/authorize\S+

Sign in there as the dedicated user, whose rights decide what the tables show. If your browser is signed in as yourself, open the address in a private window.

If Bitbucket shows an error, make sure that the callback URL of the consumer is http://localhost:\d+/callback

(Waiting for the browser. If it can't show the last page, paste its address here: )?
$`)
	if !wantErr.MatchString(got.err) {
		t.Errorf("standard error:\n%s", got.err)
	}
}

// The login explains how to create a consumer only to users without a key.
func TestLoginGuide(t *testing.T) {
	for name, wanted := range map[string]goal{"access": goalAccess, "audit": goalAudit, "all": goalAll, "": goalAll} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(t)
			s.inEnvironment(t)
			got := s.login(t, s.consumer.Key+"\n"+s.consumer.Secret+"\n", follow, "--for", name)
			if got.code != exitOK {
				t.Fatalf("exit code %d: %s", got.code, got.err)
			}
			guide, _, _ := strings.Cut(got.err, "Consumer key: ")
			for _, said := range []string{
				"An administrator of the workspace", "\n  https://bitbucket.org/WORKSPACE/workspace/settings/oauth-consumers/new\n", "  Name   ",
				"\n  Callback URL                " + s.consumer.Callback + "\n", "\n  This is a private consumer  tick it\n", "its key and its secret",
			} {
				if !strings.Contains(guide, said) {
					t.Errorf("the guide has no %q:\n%s", said, guide)
				}
			}
			for _, p := range permissions {
				if got, want := strings.Contains(guide, "    [x] "+p.box+" ") && strings.Contains(guide, " "+p.use+"\n"), p.goal <= wanted; got != want {
					t.Errorf("the guide has the box %s: %t, want %t\n%s", p.box, got, want, guide)
				}
			}
		})
	}
}

// inEnvironment sets the environment so that a new connection uses the fake Bitbucket.
func (s *setup) inEnvironment(t *testing.T) (install string) {
	t.Helper()
	install = t.TempDir()
	t.Setenv("STEAMPIPE_INSTALL_DIR", install)
	t.Setenv("BITBUCKET_OAUTH_URL", s.OAuthURL())
	t.Setenv("BITBUCKET_API_BASE_URL", s.URL())
	return install
}

// The audit needs exactly the permissions of its goal.
func TestAuditPermissions(t *testing.T) {
	t.Parallel()
	var read []string
	for _, name := range audit.Queries() {
		sql, _, err := audit.Prepared(name)
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, regexp.MustCompile(`\bbitbucket_\w+`).FindAllString(sql, -1)...)
	}
	for _, sql := range audit.StateStatements() {
		read = append(read, regexp.MustCompile(`\bbitbucket_\w+`).FindAllString(sql, -1)...)
	}
	needed, requested := map[string]bool{}, map[string]bool{}
	for _, r := range bitbucket.Requirements() {
		for _, scope := range r.Scopes {
			if r.Column == "" && slices.Contains(read, r.Table) {
				needed[scope] = true
			}
		}
	}
	for _, p := range permissions {
		if p.goal <= goalAudit {
			requested[p.scope] = true
		}
	}
	if diff := cmp.Diff(needed, requested); diff != "" {
		t.Errorf("scopes of the audit (-needed +requested):\n%s", diff)
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
	const again = "\n               To get them, give the consumer these permissions and log in again.\n"
	tests := map[string]struct {
		scopes []string
		want   []string
		not    string
	}{
		"the smallest set": {
			scopes: all("repository"), // which others imply
			want:   []string{"\nTables:        all are available\n"},
		},
		"no pull requests": {
			scopes: all("pullrequest"),
			want:   []string{"\nTables:        not available without pullrequest (Pull requests: Read): bitbucket_", again},
			not:    "bitbucket_repository,",
		},
		"the account alone": {
			scopes: []string{"account"},
			want: []string{
				"\nWorkspaces:    harbor-labs (administrator)\n               QuarryTools (member)\nRepositories:  unknown: that takes a user, and the scopes account and repository\nScopes:        account\n",
				"\nTables:        not available without repository (Repositories: Read): nearly all of the ", again,
				" \"select slug from bitbucket_my_workspace\"\n",
			},
			not: "bitbucket_my_workspace,",
		},
		"not the account": {
			scopes: []string{"repository"},
			want: []string{
				"Logged in:     unknown: the scope account was not granted\nWorkspaces:    unknown: the scope account was not granted\n",
				"\nScopes:        repository\nTables:        not available without account (Account: Read): nearly all of the ", again,
			},
			not: "Try:",
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
			browse: nobody, code: exitFailed, want: "access was not granted within 30ms (--timeout). Log in again",
			args: func(*testing.T, *setup) []string { return []string{"--timeout", "30ms"} },
		},
		"somebody else's answer": {
			browse: func(s *setup) func(string) error {
				return func(string) error { return follow(s.consumer.Callback + "?code=stolen&state=another") }
			},
			args: func(*testing.T, *setup) []string { return []string{"--timeout", "100ms"} },
			code: exitFailed, want: "access was not granted within 100ms",
		},
		"a wrong secret": {
			browse: func(*setup) func(string) error { return follow },
			args:   func(*testing.T, *setup) []string { return []string{"--consumer-secret-stdin"} }, stdin: "wrong-secret\n",
			code: exitFailed, want: "Error: the key or the secret of OAuth consumer",
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
		"a callback elsewhere, and nothing to paste": {
			browse: unused, code: exitUsage, want: "no address was pasted",
			args: func(*testing.T, *setup) []string { return []string{"--callback", "https://oauth.example.com"} },
		},
		"a callback without http": {
			browse: unused, code: exitUsage, want: `the callback URL "localhost:8976" is not a web address: give it as it is in the consumer, with http:// in front`,
			args: func(*testing.T, *setup) []string { return []string{"--callback", "localhost:8976"} },
		},
		"an unknown goal": {
			browse: unused, code: exitUsage, want: `--for is "everything": choose access, audit, all`,
			args: func(*testing.T, *setup) []string { return []string{"--for", "everything"} },
		},
		"to write and not to": {
			browse: unused, code: exitUsage, want: "--write and --no-write exclude each other",
			args: func(*testing.T, *setup) []string { return []string{"--write", "--no-write"} },
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
					connectionBlock("token", []spcArgument{{name: "plugin", value: "bitbucket"}, {name: "access_token", value: "hush"}}))}
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
			if tt.code == exitUsage && tt.want != "no address was pasted" && strings.Contains(got.err, "Consumer ") && name != "no secret" {
				t.Errorf("the login asked the user first: %s", got.err)
			}
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

// The login ignores an answer that does not belong to it, and keeps waiting.
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

// It is not an error if the browser can't be opened: the login prints the address.
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

// An address can be pasted whether or not the browser's redirect can arrive. If it does not belong to the login, the login asks
// again.
func TestLoginPasted(t *testing.T) {
	t.Parallel()
	code := regexp.MustCompile(`code=([^&]+)`)
	tests := map[string]struct {
		paste func(redirect string) []string
		code  int
		want  string
		times int // that the login asks for an address
	}{
		"the whole address":       {func(r string) []string { return []string{r} }, exitOK, "Logged in:", 1},
		"the clipboard was older": {func(r string) []string { return []string{"https://example.com/news", r} }, exitOK, "copy the whole address", 2},
		"another state": {func(r string) []string { return []string{strings.Replace(r, "state=", "state=x", 1), r} }, exitOK,
			"this address belongs to another login", 2},
		"an empty line": {func(r string) []string { return []string{"", " ", r} }, exitOK, "Logged in:", 3},
		"the code":      {func(r string) []string { return []string{code.FindStringSubmatch(r)[1]} }, exitOK, "Logged in:", 1},
		"denied": {func(r string) []string { return []string{code.ReplaceAllString(r, "error=access_denied")} }, exitFailed,
			"access was denied", 1},
		"the clipboard has the secret": {func(r string) []string { return []string{"SECRET", r} }, exitOK, "This is the key or the secret", 2},
		"nothing more":                 {func(string) []string { return []string{"https://example.com/news"} }, exitUsage, "no address was pasted", 2},
	}
	for how, args := range map[string][]string{
		"no browser":             {"--no-browser"},
		"a callback elsewhere":   {"--callback", "https://oauth.example.com"},
		"a callback that is not": nil, // the browser's redirect never arrives
	} {
		for name, tt := range tests {
			if how == "a callback that is not" && tt.code == exitUsage {
				continue // the browser may still answer
			}
			t.Run(how+", "+name, func(t *testing.T) {
				t.Parallel()
				s := newSetup(t)
				listening := s.consumer.Callback
				s.consumer = s.SetCallback(s.consumer, "https://oauth.example.com")
				d := newDialog(t, func(c *console) { c.browse = func(string) error { return nil } },
					append([]string{"login", "--callback", listening, "--config", s.config}, args...)...)
				for _, line := range tt.paste(redirectOf(t, d.address())) {
					d.say(strings.Replace(line, "SECRET", s.consumer.Secret, 1))
				}
				got := d.end()
				if got.code != tt.code || !strings.Contains(got.out+got.err, tt.want) {
					t.Errorf("exit code %d, %s%s; want %d and %q", got.code, got.out, got.err, tt.code, tt.want)
				}
				if times := strings.Count(got.err, "Paste the address of this page: "); how == "no browser" && times != tt.times {
					t.Errorf("asked %d times, want %d:\n%s", times, tt.times, got.err)
				}
				s.checkSecrets(t, got)
			})
		}
	}
}

func TestLoginNothingPasted(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	d := newDialog(t, func(*console) {}, "login", "--no-browser", "--timeout", "30ms", "--config", s.config)
	d.address()
	if code := <-d.done; code != exitFailed || !strings.Contains(d.err.String(), "\nError: access was not granted within 30ms (--timeout). Log in again") {
		t.Errorf("exit code %d: %s", code, d.err)
	}
}

// redirectOf returns the address to which the authorization page redirects, without opening it.
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

// The login asks for missing values, the secret last.
func TestLoginAsks(t *testing.T) {
	s := newSetup(t)
	t.Setenv("STEAMPIPE_INSTALL_DIR", t.TempDir())
	t.Setenv("BITBUCKET_TOKEN_DIR", s.tokenDir)
	t.Setenv("BITBUCKET_OAUTH_URL", s.OAuthURL())
	t.Setenv("BITBUCKET_API_BASE_URL", s.URL())
	got := s.login(t, s.consumer.Key+"\n"+s.consumer.Secret+"\n", follow)
	if got.code != exitOK || !strings.Contains(got.err, "Consumer key: Consumer secret: ") ||
		!strings.Contains(got.out, "\nconnection \"bitbucket\" {\n  plugin          = \"local/bitbucket\"\n") || strings.Contains(got.out, s.consumer.Secret) {
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

// The login warns about variables that override it.
func TestLoginNotesWhatIsUsedInstead(t *testing.T) {
	for variable, value := range map[string]string{"BITBUCKET_OAUTH_REFRESH_TOKEN": "refresh-old", "BITBUCKET_OAUTH_GRANT_TYPE": "client_credentials"} {
		t.Run(variable, func(t *testing.T) {
			s := newSetup(t)
			t.Setenv(variable, value)
			got := s.login(t, "", follow, "--config", s.config)
			if got.code != exitOK || !strings.Contains(got.err, "Note: "+variable+" is set in the environment.") {
				t.Errorf("exit code %d: %s%s", got.code, got.out, got.err)
			}
		})
	}
}

// If the file can't be written, the login fails before the first prompt.
func TestLoginCheckWritable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := checkWritable(filepath.Join(dir, "config", "bitbucket.spc")); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	file := filepath.Join(writeFile(t, dir, "a-file", ""), "config", "bitbucket.spc")
	if err := checkWritable(file); err == nil || !isUsage(err) || !strings.Contains(err.Error(), "the connection can't be written to "+file) {
		t.Errorf("error %v", err)
	}
}

// If a request fails after the token was saved, the error says that it was saved.
func TestLoginFirstRequestFails(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultStatus, Status: http.StatusNotFound, Path: "/2.0/user", Count: -1})
	got := s.login(t, "", follow, "--config", s.config)
	if got.code != exitFailed || !strings.Contains(got.err, "Error: access was granted and the token was saved in "+s.tokenDir) {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}

// A dialog is a command in this process that a test types to.
type dialog struct {
	t    *testing.T
	in   *io.PipeWriter
	done chan int
	out  strings.Builder
	err  *programtest.Transcript
}

func newDialog(t *testing.T, prepare func(*console), args ...string) *dialog {
	t.Helper()
	r, w := io.Pipe()
	d := &dialog{t: t, in: w, done: make(chan int, 1), err: programtest.NewTranscript()}
	c := newConsole(r, &d.out, d.err)
	prepare(c)
	ctx := t.Context()
	go func() {
		code := execute(ctx, c, args)
		d.err.End()
		d.done <- code
	}()
	t.Cleanup(func() { w.Close() })
	return d
}

// address waits for the address of the authorization page, and returns it.
func (d *dialog) address() string {
	d.t.Helper()
	return waitForAddress(d.t, d.err.Wait)
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

// end ends the input, and returns the outcome of the command.
func (d *dialog) end() outcome {
	d.in.Close()
	code := <-d.done
	return outcome{code, d.out.String(), d.err.String()}
}

// Every table declares its scopes, and the login asks for exactly these.
func TestRequirements(t *testing.T) {
	t.Parallel()
	tables, err := declaredTables()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, table := range tables {
		want[table.Name] = true
	}
	got := map[string]bool{}
	requested, needed := map[string]bool{}, map[string]bool{}
	for _, p := range permissions {
		requested[p.scope] = true
	}
	for _, r := range bitbucket.Requirements() {
		got[r.Table] = true
		for _, scope := range r.Scopes {
			needed[scope] = true
		}
	}
	if diff := cmp.Diff(needed, requested); diff != "" {
		t.Errorf("scopes of the login (-needed +requested):\n%s", diff)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables with requirements (-want +got):\n%s", diff)
	}
}

// The documentation gives a consumer the same permissions.
func TestPermissionsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/index.md")
	if err != nil {
		t.Fatal(err)
	}
	index := strings.Join(strings.Fields(string(text)), " ")
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
		got := missingScopes(bitbucket.Requirement{Scopes: []string{"account", "repository"}}, tt.granted)
		if strings.Join(got, " ") != strings.Join(tt.want, " ") {
			t.Errorf("%s: missing = %v, want %v", name, got, tt.want)
		}
	}
}

func TestNewConnectionNamesNoDefaults(t *testing.T) {
	t.Setenv("STEAMPIPE_INSTALL_DIR", "/somewhere")
	target, err := (&loginCommand{key: `k"${x}`}).keyTarget(nil)
	if err != nil {
		t.Fatal(err)
	}
	target.settings.ConsumerSecret = "s"
	const want = `connection "bitbucket" {
  plugin          = "local/bitbucket"
  consumer_key    = "k\"$${x}"
  consumer_secret = "s"
}
`
	got, err := target.change().apply(nil, "", "bitbucket")
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Errorf("%v, connection (-want +got):\n%s", err, diff)
	}
	if target.settings.OAuthURL != auth.DefaultURL {
		t.Errorf("the authorization server is %s", target.settings.OAuthURL)
	}
}
