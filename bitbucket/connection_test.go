package bitbucket

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// TestConnection checks bitbucket_connection with each authentication method. It makes only the requests that the columns need.
func TestConnection(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	me, first := o.Connected, o.Workspaces[0].Slug
	person := map[string]any{
		"account_uuid": me.UUID, "account_id": me.AccountID, "account_display_name": me.DisplayName, "account_nickname": me.Nickname, "account_type": "user",
	}
	var all []any
	for _, w := range o.Workspaces {
		if o.Membership(w, me) != nil {
			all = append(all, w.Slug)
		}
	}
	consumer := func(t *testing.T, more func(c fakebitbucket.Consumer, tokens string) string) (hcl, key, tokens string) {
		hcl, c, tokens := consumerOf(t, fake, "account", "repository")
		return hcl + more(c, tokens), c.Key, tokens
	}
	for name, test := range map[string]struct {
		config      func(t *testing.T) (hcl, key, tokens string)
		wantMethod  string
		wantFile    string // its name, as a pattern
		wantAccount map[string]any
		wantScopes  []any
		want        []any // workspaces
		wantArg     []any
	}{
		"refresh token": {
			func(t *testing.T) (string, string, string) {
				return consumer(t, func(c fakebitbucket.Consumer, _ string) string {
					return fmt.Sprintf("refresh_token = %q\n", fake.Grant(c, me.UUID))
				})
			}, "refresh_token", "seed-*.json", person, []any{"account", "repository"}, all, nil,
		},
		"login": {
			func(t *testing.T) (string, string, string) {
				return consumer(t, func(c fakebitbucket.Consumer, tokens string) string { login(t, fake, c, tokens); return "" })
			}, "login", "login-*.json", person, []any{"account", "repository"}, all, nil,
		},
		"client credentials": {
			func(t *testing.T) (string, string, string) {
				return consumer(t, func(fakebitbucket.Consumer, string) string { return "grant_type = \"client_credentials\"\n" })
			}, "client_credentials", "", map[string]any{"account_type": "app_user"}, []any{"account", "repository"}, []any{first}, nil,
		},
		"access token of a user": {
			func(t *testing.T) (string, string, string) {
				return fmt.Sprintf("base_url = %q\naccess_token = %q\nworkspaces = [%q]\n", fake.URL(), fake.AccessToken(me.UUID, "account", "repository"), first[:3]+"*"), "", ""
			}, "access_token", "", person, []any{"account", "repository"}, []any{first}, []any{first[:3] + "*"},
		},
		"access token of a workspace": {
			func(t *testing.T) (string, string, string) {
				return fmt.Sprintf("base_url = %q\naccess_token = %q\nworkspaces = [%q]\n", fake.URL(), fake.WorkspaceAccessToken(first, "account", "repository"), first), "", ""
			}, "access_token", "", map[string]any{}, []any{"account", "repository"}, []any{first}, []any{first},
		},
		"API token": {
			func(t *testing.T) (string, string, string) {
				email, token := fake.APIToken(me.UUID, "read:user:bitbucket", "read:workspace:bitbucket")
				return fmt.Sprintf("base_url = %q\nemail = %q\napi_token = %q\n", fake.URL(), email, token), "", ""
			}, "api_token", "", person, []any{"read:user:bitbucket", "read:workspace:bitbucket"}, all, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, nil)
			hcl, key, tokens := test.config(t)
			h := newHost(t, map[string]string{"bitbucket": hcl + "on_refusal = \"strict\"\n"})
			fake.ResetJournal()
			const offlineColumns = "authentication_method base_url consumer_key on_refusal plugin_version title token_file workspaces_argument"
			offline := h.rows(tableQuery{table: "bitbucket_connection", columns: offlineColumns})[0]
			if n := len(fake.Journal()); n != 0 {
				t.Errorf("%d requests for columns that need none", n)
			}
			r := h.rows(tableQuery{table: "bitbucket_connection"})[0]
			for _, ofTheSDK := range []string{"_ctx", "sp_ctx", "sp_connection_name"} {
				delete(r, ofTheSDK)
			}
			for col := range strings.FieldsSeq(offlineColumns) {
				if diff := cmp.Diff(r[col], offline[col]); diff != "" {
					t.Errorf("%s is different if queried with other columns:\n%s", col, diff)
				}
			}
			want := map[string]any{
				"authentication_method": test.wantMethod, "base_url": fake.URL(), "on_refusal": "strict", "plugin_version": Version, "title": "bitbucket",
				"consumer_key": nil, "token_file": nil, "scopes": any(test.wantScopes), "workspaces": any(test.want), "workspaces_argument": nil,
			}
			if key != "" {
				want["consumer_key"] = key
			}
			if test.wantArg != nil {
				want["workspaces_argument"] = test.wantArg
			}
			if test.wantFile != "" {
				file, _ := r["token_file"].(string)
				if ok, _ := filepath.Match(filepath.Join(tokens, test.wantFile), file); !ok {
					t.Errorf("token file %q, want %s in %s", file, test.wantFile, tokens)
				}
				want["token_file"] = file
			}
			for _, col := range []string{"account_uuid", "account_id", "account_display_name", "account_nickname", "account_type"} {
				want[col] = test.wantAccount[col]
				if test.wantAccount["account_type"] == "app_user" && col != "account_type" {
					want[col] = r[col] // the fake generates them
				}
			}
			if diff := cmp.Diff(want, r); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
			for col, value := range r {
				for line := range strings.Lines(hcl) {
					name, quoted, _ := strings.Cut(strings.TrimSpace(line), " = ")
					if secret := strings.Trim(quoted, `"`); strings.HasSuffix(name, "token") || strings.HasSuffix(name, "secret") {
						if strings.Contains(fmt.Sprint(value), secret) {
							t.Errorf("%s shows %s", col, name)
						}
					}
				}
			}
		})
	}
}

func TestConnectionRequests(t *testing.T) {
	environment(t, nil)
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	me, first := fake.Organization().Connected, fake.Organization().Workspaces[0].Slug
	hcl, c, _ := consumerOf(t, fake, "account", "repository")
	hcl += fmt.Sprintf("refresh_token = %q\nmax_age = \"0s\"\n", fake.Grant(c, me.UUID))
	user, workspaces := map[string]int{"/user": 1}, map[string]int{"/user/workspaces": 1}
	for name, test := range map[string]struct {
		hcl     string
		columns string
		want    map[string]int
	}{
		"account":                            {hcl, "account_uuid account_id account_type account_display_name account_nickname", user},
		"scopes":                             {hcl, "scopes", map[string]int{}},
		"workspaces":                         {hcl, "workspaces", workspaces},
		"workspaces by name":                 {hcl + fmt.Sprintf("workspaces = [%q]\n", first), "workspaces", map[string]int{}},
		"scopes of an access token":          {connectionTo(fake, me.UUID), "scopes", user},
		"account and scopes of one":          {connectionTo(fake, me.UUID), "scopes account_uuid", user},
		"account that a token does not have": {fmt.Sprintf("base_url = %q\naccess_token = %q\nworkspaces = [%q]\n", fake.URL(), fake.WorkspaceAccessToken(first, "repository"), first), "scopes account_uuid", map[string]int{"/user": 1, "/repositories/{workspace}": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t, map[string]string{"bitbucket": test.hcl})
			fake.ResetJournal()
			if rows := h.rows(tableQuery{table: "bitbucket_connection", columns: test.columns}); len(rows) != 1 {
				t.Errorf("%d rows", len(rows))
			}
			requests := requested(fake)
			delete(requests, "/site/oauth2/access_token") // the one token of the connection
			if diff := cmp.Diff(test.want, requests); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestConnectionOfNobody queries bitbucket_connection with a dead token, and with one that has no account. Scripts use this
// table to see their account, so neither may look like one.
func TestConnectionOfNobody(t *testing.T) {
	environment(t, nil)
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	first := o.Workspaces[0].Slug
	ofWorkspace := fmt.Sprintf("base_url = %q\naccess_token = %q\n", fake.URL(), fake.WorkspaceAccessToken(first, "repository"))
	dead := fmt.Sprintf("base_url = %q\naccess_token = \"dead\"\n", fake.URL())
	loggedOut, _, tokens := consumerOf(t, fake, "account")
	for name, test := range map[string]struct{ hcl, want string }{
		"a dead token":                   {dead, "access_token"},
		"a dead token of a workspace":    {dead + fmt.Sprintf("workspaces = [%q]\n", first), "access_token"},
		"a token without its workspaces": {ofWorkspace, "workspaces = ["},
		"a consumer without a login":     {loggedOut, tokens},
	} {
		h := newHost(t, map[string]string{"bitbucket": test.hcl})
		if rows, err := h.try(t.Context(), tableQuery{table: "bitbucket_connection", columns: "account_uuid"}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v and error %v, want one that mentions %s", name, rows, err, test.want)
		}
	}
}
