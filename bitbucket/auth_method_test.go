package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/auth"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// consumerOf returns the HCL of a connection with an OAuth consumer of the workspace that the connected user administers.
func consumerOf(t *testing.T, fake *fakebitbucket.Server, scopes ...string) (hcl string, c fakebitbucket.Consumer, tokens string) {
	t.Helper()
	c = fake.Consumer(fake.Organization().Workspaces[0].Slug, scopes...)
	tokens = filepath.Join(t.TempDir(), "tokens")
	hcl = fmt.Sprintf("base_url = %q\noauth_url = %q\ntoken_dir = %q\nconsumer_key = %q\nconsumer_secret = %q\n", fake.URL(), fake.OAuthURL(), tokens, c.Key, c.Secret)
	return hcl, c, tokens
}

func TestAuthMethods(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{RefreshGrace: -1})
	o := fake.Organization()
	all := fakebitbucket.AllScopes()
	for name, test := range map[string]struct {
		config   func(t *testing.T) string
		wantUser string // the type of the account that Bitbucket reports
	}{
		"access token": {func(*testing.T) string { return connectionTo(fake, o.Connected.UUID) }, "user"},
		"API token": {func(*testing.T) string {
			email, token := fake.APIToken(o.Connected.UUID, "read:user:bitbucket")
			return fmt.Sprintf("base_url = %q\nemail = %q\napi_token = %q", fake.URL(), email, token)
		}, "user"},
		"refresh token": {func(t *testing.T) string {
			hcl, c, _ := consumerOf(t, fake, all...)
			return hcl + fmt.Sprintf("refresh_token = %q", fake.Grant(c, o.Connected.UUID)+"\n")
		}, "user"},
		"login": {func(t *testing.T) string {
			hcl, c, tokens := consumerOf(t, fake, all...)
			login(t, fake, c, tokens)
			return hcl
		}, "user"},
		"client credentials": {func(t *testing.T) string {
			hcl, c, tokens := consumerOf(t, fake, all...)
			login(t, fake, c, tokens) // not used
			return hcl + `grant_type = "client_credentials"`
		}, "app_user"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, nil)
			h := newHost(t, map[string]string{"bitbucket": test.config(t)})
			for range 3 {
				if got := columnValues(h.rows(tableQuery{table: "bitbucket_user", columns: "type"}), "type"); !cmp.Equal(got, []string{test.wantUser}) {
					t.Errorf("connected as %v, want a %s", got, test.wantUser)
				}
			}
		})
	}
}

// login saves a login of the connected user.
func login(t *testing.T, fake *fakebitbucket.Server, c fakebitbucket.Consumer, tokens string) {
	t.Helper()
	consumer := auth.Consumer{Key: c.Key, Secret: auth.NewSecret(c.Secret), URL: fake.OAuthURL()}
	token := auth.Token{RefreshToken: auth.NewSecret(fake.Grant(c, fake.Organization().Connected.UUID))}
	if _, err := auth.SaveLogin(context.Background(), tokens, consumer, token, auth.Account{}); err != nil {
		t.Fatal(err)
	}
}

// TestLoginWhileThePluginRuns logs in after a connection without a refresh token has failed. The next query uses the login.
func TestLoginWhileThePluginRuns(t *testing.T) {
	environment(t, nil)
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	hcl, c, tokens := consumerOf(t, fake, fakebitbucket.AllScopes()...)
	h := newHost(t, map[string]string{"bitbucket": hcl})
	kind := func() string {
		return columnValues(h.rows(tableQuery{table: "bitbucket_user", columns: "type"}), "type")[0]
	}
	_, err := h.try(t.Context(), tableQuery{table: "bitbucket_user", columns: "type"})
	for _, want := range []string{c.Key, tokens, "steampipe-plugin-bitbucket login", `grant_type = "client_credentials"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("before the login: error %v does not mention %s", err, want)
		}
	}
	login(t, fake, c, tokens)
	if got := kind(); got != "user" {
		t.Errorf("after the login connected as a %s, want the user", got)
	}
}

func TestAccessTokenOfAWorkspace(t *testing.T) {
	environment(t, nil)
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	slug := fake.Organization().Workspaces[0].Slug
	token := fake.WorkspaceAccessToken(slug, "repository", "project", "account")
	hcl := fmt.Sprintf("base_url = %q\naccess_token = %q\n", fake.URL(), token)
	h := newHost(t, map[string]string{"bitbucket": hcl + fmt.Sprintf("workspaces = [%q]", slug)})
	if rows := h.rows(tableQuery{table: "bitbucket_repository", columns: "full_name"}); len(rows) != len(fake.Organization().RepositoriesOf(fake.Organization().Workspaces[0])) {
		t.Errorf("%d repositories", len(rows))
	}
	_, err := newHost(t, map[string]string{"bitbucket": hcl}).try(context.Background(), tableQuery{table: "bitbucket_repository", columns: "full_name"})
	if err == nil || !strings.Contains(err.Error(), "workspaces = [") {
		t.Errorf("error = %v, want one that says to name the workspaces", err)
	}
}

// TestConnectionTrouble checks that each error of a connection says what to do, and shows no secret.
func TestConnectionTrouble(t *testing.T) {
	all := fakebitbucket.AllScopes()
	for name, test := range map[string]struct {
		query       tableQuery
		arrange     func(t *testing.T, fake *fakebitbucket.Server) (hcl string)
		wantMention []string
	}{
		"dead refresh token": {tableQuery{table: "bitbucket_user"}, func(t *testing.T, fake *fakebitbucket.Server) string {
			hcl, c, _ := consumerOf(t, fake, all...)
			seed := fake.Grant(c, fake.Organization().Connected.UUID)
			fake.RevokeGrants()
			return hcl + fmt.Sprintf("refresh_token = %q", seed)
		}, []string{"refused the refresh token", "login"}},
		"wrong secret": {tableQuery{table: "bitbucket_user"}, func(t *testing.T, fake *fakebitbucket.Server) string {
			hcl, c, _ := consumerOf(t, fake, all...)
			return strings.Replace(hcl, c.Secret, "wr0ngs3cr3t", 1) + `grant_type = "client_credentials"`
		}, []string{"consumer_key and consumer_secret"}},
		"expired access token": {tableQuery{table: "bitbucket_user"}, func(t *testing.T, fake *fakebitbucket.Server) string {
			hcl := connectionTo(fake, fake.Organization().Connected.UUID)
			fake.RevokeAccessTokens()
			return hcl
		}, []string{"access token", "access_token"}},
		"missing scope": {tableQuery{table: "bitbucket_project"}, func(_ *testing.T, fake *fakebitbucket.Server) string {
			return fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), fake.AccessToken(fake.Organization().Connected.UUID, "account"))
		}, []string{"project", "scope", "account"}},
		"token folder that can't be made": {tableQuery{table: "bitbucket_user"}, func(t *testing.T, fake *fakebitbucket.Server) string {
			hcl, c, tokens := consumerOf(t, fake, all...)
			if err := os.WriteFile(tokens, nil, 0o600); err != nil { // a file instead of the folder
				t.Fatal(err)
			}
			return hcl + fmt.Sprintf("refresh_token = %q", fake.Grant(c, fake.Organization().Connected.UUID))
		}, []string{"token"}},
		"a proxy's page": {tableQuery{table: "bitbucket_user"}, func(_ *testing.T, fake *fakebitbucket.Server) string {
			fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHTML, Status: http.StatusOK, Path: "/2.0/user", Count: -1})
			return connectionTo(fake, fake.Organization().Connected.UUID)
		}, []string{"web page", "proxy"}},
		"quota used up": {tableQuery{table: "bitbucket_user"}, func(_ *testing.T, fake *fakebitbucket.Server) string {
			fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultStatus, Status: http.StatusTooManyRequests, Path: "/2.0/user", Count: -1,
				Header: http.Header{"X-Ratelimit-Reset": {"1800"}}, Body: "Rate limit for this resource has been exceeded"})
			return connectionTo(fake, fake.Organization().Connected.UUID)
		}, []string{"quota", "30m"}},
		"quota used up, and no wait allowed": {tableQuery{table: "bitbucket_user"}, func(_ *testing.T, fake *fakebitbucket.Server) string {
			fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultStatus, Status: http.StatusTooManyRequests, Path: "/2.0/user",
				Header: http.Header{"X-Ratelimit-Reset": {"20"}}, Body: "Rate limit for this resource has been exceeded"})
			return connectionTo(fake, fake.Organization().Connected.UUID, `max_wait = "0s"`)
		}, []string{"quota", "20s"}},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, nil)
			fake := fakebitbucket.Start(t, fakebitbucket.Options{})
			hcl := test.arrange(t, fake)
			rows, err := newHost(t, map[string]string{"bitbucket": hcl}).try(context.Background(), test.query)
			if err == nil {
				t.Fatalf("%d rows and no error", len(rows))
			}
			for _, mention := range test.wantMention {
				if !strings.Contains(err.Error(), mention) {
					t.Errorf("error %q does not mention %q", err, mention)
				}
			}
			for _, line := range strings.Split(hcl, "\n") {
				name, quoted, _ := strings.Cut(line, " = ")
				if secret := strings.Trim(quoted, `"`); slices.Contains([]string{"consumer_secret", "refresh_token", "access_token"}, name) && strings.Contains(err.Error(), secret) {
					t.Errorf("error %q shows %s", err, name)
				}
			}
			if strings.ContainsAny(err.Error(), "<>\n") || len(err.Error()) > 900 {
				t.Errorf("the error is not one readable sentence: %s", err)
			}
		})
	}
}

// TestDeadTokenIsSentOnce runs 50 scans with a refresh token that Bitbucket refuses. Only one of them sends it.
func TestDeadTokenIsSentOnce(t *testing.T) {
	environment(t, nil)
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	hcl, c, _ := consumerOf(t, fake, fakebitbucket.AllScopes()...)
	seed := fake.Grant(c, fake.Organization().Connected.UUID)
	fake.RevokeGrants()
	h := newHost(t, map[string]string{"bitbucket": hcl + fmt.Sprintf("refresh_token = %q", seed)})
	began := time.Now()
	inParallel(8, 50, func(int) {
		if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_user"}); err == nil {
			t.Error("no error")
		}
	})
	if requests := len(fake.Journal()); requests != 1 && time.Since(began) < 50*time.Second {
		t.Errorf("50 scans made %d requests, want 1", requests)
	}
}
