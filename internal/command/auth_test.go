package command

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// logInAs logs in with the fake's user at the authorization page.
func (s *setup) logInAs(t *testing.T, uuid string) outcome {
	t.Helper()
	s.SetConsenting(uuid)
	got := s.login(t, "", follow, "--config", s.config)
	if got.code != exitOK {
		t.Fatalf("login: exit code %d, %s", got.code, got.err)
	}
	return got
}

// connectedAs returns the name of the account that a query uses.
func (s *setup) connectedAs(t *testing.T) string {
	t.Helper()
	got := runCommand(t, "", "query", "--config", s.config, "--output", "csv", "select account_uuid from bitbucket_connection")
	if got.code != exitOK {
		t.Fatal(got.err)
	}
	return strings.Split(got.out, "\n")[1]
}

// statusOf returns the status as JSON.
func statusOf(t *testing.T, config string, code int) []statusDocument {
	t.Helper()
	got := runCommand(t, "", "auth", "status", "--config", config, "--output", "json")
	var documents []statusDocument
	if err := json.Unmarshal([]byte(got.out), &documents); err != nil || got.code != code {
		t.Fatalf("exit code %d, want %d, %v: %s%s", got.code, code, err, got.out, got.err)
	}
	return documents
}

func TestAuthStatus(t *testing.T) {
	t.Parallel()
	s := newSetup(t, "account", "email", "project")
	s.SetQuota(1000)
	logged := s.login(t, "", follow, "--config", s.config)
	user := s.Organization().Connected
	got := runCommand(t, "", "auth", "status", "--config", s.config)
	files, _ := filepath.Glob(filepath.Join(s.tokenDir, "*.json"))
	for _, want := range []string{
		"Connection:    work\n", "Method:        login\n", fmt.Sprintf("Account:       %s (%s) %s\n", user.DisplayName, user.Email, user.UUID),
		"Workspaces:    harbor-labs (administrator)\n               QuarryTools (member)\n", "Scopes:        account, email, project\n",
		"Tables:        not available without repository:admin (Repositories: Admin): ",
		"\n               not available without pullrequest (Pull requests: Read): bitbucket_default_reviewer, ",
		"Quota:         9", "Token:         logged in ", ", renewed ", ", valid until ", files[0], " of 1000 requests left in this hour",
	} {
		if got.code != exitOK || !strings.Contains(got.out, want) {
			t.Errorf("exit code %d, %s\nwant %q in\n%s", got.code, got.err, want, got.out)
		}
	}
	s.checkSecrets(t, got)

	d := statusOf(t, s.config, exitOK)[0]
	if !d.Works || d.Error != nil || d.Method != "login" || d.Account.UUID != user.UUID || *d.Account.Email != user.Email || d.Account.Type != "user" ||
		len(d.Workspaces) != 2 || !slices.Equal(d.Scopes, []string{"account", "email", "project"}) || d.Token.File != files[0] || d.Token.LoggedInAt == nil ||
		time.Since(d.Token.RenewedAt) > time.Hour || d.Token.AgeSeconds < 0 || d.Quota == nil || *d.Quota.Limit != 1000 {
		t.Errorf("status %+v", d)
	}
	if !strings.Contains(logged.out, fmt.Sprintf("\nRepositories:  %d\n", *d.Repositories)) {
		t.Errorf("%d repositories, and the login said:\n%s", *d.Repositories, logged.out)
	}
	for _, m := range d.Missing {
		if m.Scope == "account" || m.Scope == "project" || len(m.Tables) == 0 || m.Permission == "" {
			t.Errorf("missing: %+v", m)
		}
	}
	if len(d.Missing) != len(permissions)-4 { // project implies repository
		t.Errorf("%d missing scopes of %d", len(d.Missing), len(permissions))
	}
}

// If a connection does not work, the exit code is 1 and the status says why. The status still shows the other connections.
func TestAuthStatusOfWhatDoesNotWork(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	uuid := s.Organization().Connected.UUID
	email, apiToken := s.APIToken(uuid)
	method := func(name string, arguments ...spcArgument) string {
		return connectionBlock(name, append([]spcArgument{{name: "plugin", value: "bitbucket"}, {name: "base_url", value: s.URL()}, {name: "oauth_url", value: s.OAuthURL()}}, arguments...))
	}
	workspaces := spcArgument{value: `workspaces = ["harbor-labs"]`, verbatim: true}
	config := writeFile(t, t.TempDir(), "a.spc", s.connection("a_nobody", s.tokenDir)+
		method("b_token", spcArgument{name: "access_token", value: s.WorkspaceAccessToken("harbor-labs")}, workspaces)+
		method("c_api", spcArgument{name: "email", value: email}, spcArgument{name: "api_token", value: apiToken})+
		method("d_itself", spcArgument{name: "consumer_key", value: s.consumer.Key}, spcArgument{name: "consumer_secret", value: s.consumer.Secret}, spcArgument{name: "grant_type", value: "client_credentials"})+
		method("e_dead", spcArgument{name: "access_token", value: "hush"}, workspaces)+
		method("f_half", spcArgument{name: "consumer_key", value: "k"}))
	documents := statusOf(t, config, exitFailed)
	for i, want := range []struct{ method, problem string }{
		{"login", "nobody has logged in"}, {"access_token", ""}, {"api_token", ""}, {"client_credentials", ""},
		{"access_token", "Bitbucket refused the access token"}, {"", "consumer_key is set, but consumer_secret"},
	} {
		d := documents[i]
		if d.Method != want.method || d.Works != (want.problem == "") || want.problem != "" && !strings.Contains(*d.Error, want.problem) {
			t.Errorf("%s: %+v, want %+v", d.Connection, d, want)
		}
	}
	if d := documents[1]; d.Account != nil || len(d.Workspaces) != 1 || d.Workspaces[0].Slug != "harbor-labs" {
		t.Errorf("a workspace's token: %+v", d)
	}
	if d := documents[2]; d.Account.UUID != uuid || d.Missing != nil {
		t.Errorf("an API token: %+v", d)
	}
	if d := documents[3]; d.Account.Type != "app_user" {
		t.Errorf("client credentials: %+v", d)
	}
	got := runCommand(t, "", "auth", "status", "--config", config)
	if got.code != exitFailed || !strings.Contains(got.err, "Error: a connection does not work: a_nobody, e_dead, f_half\n") || strings.Contains(got.out+got.err, "hush") {
		t.Errorf("exit code %d, %s%s", got.code, got.out, got.err)
	}
	for _, want := range []string{"Works:         no: nobody has logged in", "Works:         no: consumer_key is set", "Account:       none: the token belongs to a workspace", "(app_user)"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not in\n%s", want, got.out)
		}
	}
	if one := runCommand(t, "", "auth", "status", "--config", config, "--connection", "c_api"); one.code != exitOK {
		t.Errorf("exit code %d: %s", one.code, one.err)
	}
}

// The login of a second account names the account that it replaces. auth switch brings that account back.
func TestAuthSwitch(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	first := s.Organization().Connected
	second := s.Organization().Users[slices.IndexFunc(s.Organization().Users, func(u *organization.User) bool { return u.UUID != first.UUID && u.Type == "user" })]
	auth := func(code int, args ...string) outcome {
		t.Helper()
		got := runCommand(t, "", append([]string{"auth", args[0], "--config", s.config}, args[1:]...)...)
		if got.code != code {
			t.Errorf("auth %s: exit code %d, want %d: %s%s", args, got.code, code, got.out, got.err)
		}
		s.checkSecrets(t, got)
		return got
	}
	if got := auth(exitFailed, "switch"); !strings.Contains(got.err, "there is no saved login of another account") {
		t.Error(got.err)
	}
	if got := s.logInAs(t, first.UUID); strings.Contains(got.out, "Before:") {
		t.Error(got.out)
	}
	if got := s.logInAs(t, second.UUID); !strings.Contains(got.out, "\nBefore:        "+first.DisplayName) || !strings.Contains(got.out, "auth switch") {
		t.Errorf("the second login does not say whom it replaces:\n%s", got.out)
	}
	if got := s.logInAs(t, second.UUID); strings.Contains(got.out, "Before:") {
		t.Error(got.out)
	}
	if d := statusOf(t, s.config, exitOK)[0]; d.Account.UUID != second.UUID || len(d.OtherLogins) != 1 || d.OtherLogins[0].UUID != first.UUID {
		t.Errorf("status %+v", d)
	}
	for range 2 {
		got := auth(exitOK, "switch")
		if !strings.Contains(got.out, "Was:  "+second.DisplayName) || !strings.Contains(got.out, "Now:  "+first.DisplayName) || s.connectedAs(t) != first.UUID {
			t.Errorf("%s: %s", got.out, s.connectedAs(t))
		}
		if auth(exitOK, "switch", strings.ToUpper(second.DisplayName)); s.connectedAs(t) != second.UUID {
			t.Error("the second account is not used")
		}
	}
	if got := auth(exitOK, "switch", second.UUID); !strings.Contains(got.out, "already use the login of "+second.DisplayName) {
		t.Error(got.out)
	}
	if got := auth(exitFailed, "switch", "nobody"); !strings.Contains(got.err, `there is no saved login of "nobody" (`) || !strings.Contains(got.err, "to log in as another account") {
		t.Error(got.err)
	}

	if got := auth(exitOK, "logout"); !strings.Contains(got.out, "Logged out: "+second.DisplayName) || !strings.Contains(got.out, "Still kept: "+first.DisplayName) ||
		!strings.Contains(got.err, appAuthorizations) {
		t.Errorf("%s%s", got.out, got.err)
	}
	if got := runCommand(t, "", "query", "--config", s.config, "select 1 from bitbucket_user"); got.code != exitFailed || !strings.Contains(got.err, "nobody has logged in") {
		t.Errorf("after the logout: exit code %d, %s", got.code, got.err)
	}
	if got := auth(exitFailed, "logout"); !strings.Contains(got.err, "there is no login") {
		t.Error(got.err)
	}
	auth(exitOK, "switch")
	s.logInAs(t, second.UUID)
	auth(exitOK, "logout", "--all")
	if files, _ := filepath.Glob(filepath.Join(s.tokenDir, "*.json")); len(files) > 0 {
		t.Errorf("left: %v", files)
	}
}

func TestAuthUsage(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	config := writeFile(t, t.TempDir(), "a.spc", s.connection("one", s.tokenDir)+s.connection("two", s.tokenDir)+
		connectionBlock("token", []spcArgument{{name: "plugin", value: "bitbucket"}, {name: "access_token", value: "hush"}}))
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"which consumer":       {[]string{"logout"}, "choose one, two with --connection"},
		"no login":             {[]string{"switch", "--connection", "token"}, "connection token does not use a login"},
		"an unknown format":    {[]string{"status", "--output", "xml"}, `unknown output format "xml": choose text or json`},
		"an unknown command":   {[]string{"statu"}, `unknown command "statu"`},
		"a connection unknown": {[]string{"status", "--connection", "three"}, "unknown connection three"},
	} {
		args := append([]string{"auth"}, tt.args...)
		if name != "an unknown command" {
			args = append(args, "--config", config)
		}
		if got := runCommand(t, "", args...); got.code != exitUsage || !strings.Contains(got.err, tt.want) || got.out != "" {
			t.Errorf("%s: exit code %d, %s%s", name, got.code, got.out, got.err)
		}
	}
}
