package fakebitbucket

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func TestHookEvents(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	anybody := caller{t, s, "", newClient(t)}
	subjects := anybody.get("/2.0/hook_events").object()
	if len(subjects) != 2 {
		t.Errorf("subjects %v", subjects)
	}
	for subject := range subjects {
		values, pages := anybody.all("/2.0/hook_events/" + subject)
		var got []organization.HookEvent
		for i := range values {
			at := func(name string) string { return column(values[i:i+1], name)[0] }
			got = append(got, organization.HookEvent{Category: at("category"), Event: at("event"), Label: at("label"), Description: at("description")})
		}
		if diff := cmp.Diff(organization.HookEvents(subject), got); diff != "" || len(pages) != 1 {
			t.Errorf("%s, %d pages (-want +got):\n%s", subject, len(pages), diff)
		}
	}
	if a := anybody.get("/2.0/hook_events/team"); a.status != 404 {
		t.Errorf("another subject: %d", a.status)
	}
}

func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c, anybody := connected(t, s), caller{t, s, "", newClient(t)}
	email, token := s.APIToken(o.Connected.UUID)
	basic := caller{t, s, "Basic " + base64.StdEncoding.EncodeToString([]byte(email+":"+token)), newClient(t)}
	const gpg, oidc = "/settings/gpg/public-key", "/pipelines-config/identity/oidc/"
	at := func(slug string) string { return "/2.0/workspaces/" + slug }
	tests := map[string]struct {
		caller     caller
		path       string
		wantStatus int
		want       string
	}{
		"keys":                  {c, at("harbor-labs") + gpg, 200, strings.Join(o.SystemKeys(o.Workspaces[0]), "")},
		"key":                   {c, at("QuarryTools") + gpg, 200, o.SystemKeys(o.Workspaces[1])[0]},
		"key of another":        {c, at("silver-ermine") + gpg, 403, "You do not have access"},
		"key without the scope": {connected(t, s, "repository"), at("harbor-labs") + gpg, 403, "account"},
		"key to anybody":        {anybody, at("silver-ermine") + gpg, 401, ""},
		"configuration":         {anybody, at("harbor-labs") + oidc + ".well-known/openid-configuration", 200, `"jwks_uri":"` + oidcIssuer(o.Workspaces[0]) + `/keys.json"`},
		"signing keys":          {anybody, at("QuarryTools") + oidc + "keys.json", 200, `"kid":"` + o.OIDCKeyIDs(o.Workspaces[1])[1]},
		"API token":             {basic, at("harbor-labs") + oidc + "keys.json", 403, "Forbidden"},
		"no workspace":          {anybody, at("nothing") + oidc + "keys.json", 404, "No workspace"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := test.caller.get(test.path)
			if a.status != test.wantStatus || !strings.Contains(a.body, test.want) {
				t.Errorf("GET %s: %d %s, want %d and %s", test.path, a.status, a.body, test.wantStatus, test.want)
			}
		})
	}
	if a := c.get(at("harbor-labs") + gpg); a.header.Get("Content-Type") != "text/plain" {
		t.Errorf("the key is %s", a.header.Get("Content-Type"))
	}
}
