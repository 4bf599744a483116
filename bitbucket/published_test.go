package bitbucket

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

func TestWebhookEvent(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	of := func(subjects ...string) []string {
		var all []string
		for _, subject := range subjects {
			for _, e := range organization.HookEvents(subject) {
				all = append(all, joinFields(subject, e.Event, e.Category, e.Label, e.Label, e.Description))
			}
		}
		return all
	}
	read := func(quals ...*proto.Qual) []string {
		fake.ResetJournal()
		return lines(h.rows(tableQuery{table: "bitbucket_webhook_event", where: quals}), "subject_type", "event", "category", "label", "title", "description")
	}
	checkLines(t, "events", of("repository", "workspace"), read())
	if diff := cmp.Diff(map[string]int{"/hook_events": 1, "/hook_events/{subject_type}": 2}, requested(fake)); diff != "" {
		t.Errorf("requests mismatch (-want +got):\n%s", diff)
	}
	checkLines(t, "events of workspaces", of("workspace"), read(where("subject_type", "=", "workspace")))
	if diff := cmp.Diff(map[string]int{"/hook_events/{subject_type}": 1}, requested(fake)); diff != "" {
		t.Errorf("requests mismatch (-want +got):\n%s", diff)
	}
	if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_webhook_event", where: []*proto.Qual{where("subject_type", "=", "team")}}); err == nil || !strings.Contains(err.Error(), "Invalid subject type") {
		t.Errorf("error %v, want the message of Bitbucket", err)
	}
}

func TestWorkspaceGPGKey(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	of := func(some ...*organization.Workspace) []string {
		var all []string
		for _, w := range some {
			for _, key := range o.SystemKeys(w) {
				all = append(all, joinFields(w.Slug, w.Slug, key))
			}
		}
		return all
	}
	read := func(quals ...*proto.Qual) []string {
		fake.ResetJournal()
		return lines(h.rows(tableQuery{table: "bitbucket_workspace_gpg_key", where: quals}), "workspace_slug", "title", "key")
	}
	checkLines(t, "keys", of(o.Workspaces[:2]...), read())
	if len(o.SystemKeys(o.Workspaces[0])) != 2 {
		t.Error("no keys are being replaced")
	}
	checkLines(t, "keys of one", of(o.Workspaces[1]), read(where("workspace_slug", "=", o.Workspaces[1].Slug)))
	if diff := cmp.Diff(map[string]int{"/workspaces/{workspace}/settings/gpg/public-key": 1}, requested(fake)); diff != "" {
		t.Errorf("requests mismatch (-want +got):\n%s", diff)
	}
	if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_workspace_gpg_key", where: []*proto.Qual{where("workspace_slug", "=", o.Workspaces[2].Slug)}}); err == nil {
		t.Error("no error for a workspace that the user does not belong to")
	}
	const a, b = beginOfKey + "\na\n" + endOfKey, beginOfKey + "\nb\n" + endOfKey
	for s, want := range map[string][]string{
		"":                  nil,
		"no armor\n":        nil,
		"<html></html>":     nil,
		a[:40]:              nil,
		a[40:]:              nil,
		a + "\n" + b[:40]:   nil,
		" " + a:             {a + "\n"},
		a + "\n":            {a + "\n"},
		a + "\r\n\n" + b:    {a + "\n", b + "\n"},
		a + b + "\n\r\n\n ": {a + "\n", b + "\n"},
		asJSON(a + b):       {a + "\n", b + "\n"},
		`{"values":[{"public_key":` + asJSON(a) + `,"id":1},{"public_key":` + asJSON(b+"\n") + `}],"size":2}`: {a + "\n", b + "\n"},
		`{"keys":[` + asJSON(a) + `,` + asJSON(b[:40]) + `]}`:                                                 nil,
		`{"type":"error","error":{"message":"No"}}`:                                                           nil,
		`[]`: nil,
	} {
		keys, ok := publicKeys(s)
		if diff := cmp.Diff(want, keys); diff != "" || ok != (want != nil) {
			t.Errorf("%q: %v (-want +got):\n%s", s, ok, diff)
		}
	}
}

func asJSON(s string) string {
	encoded, _ := json.Marshal(s) // a JSON text is always a value
	return string(encoded)
}

func TestWorkspaceGPGKeyInJSON(t *testing.T) {
	bare, wrapped := fakebitbucket.Start(t, fakebitbucket.Options{}), fakebitbucket.Start(t, fakebitbucket.Options{KeysAsJSON: true})
	read := func(fake *fakebitbucket.Server) []string {
		return lines(connected(t, fake).rows(tableQuery{table: "bitbucket_workspace_gpg_key"}), "workspace_slug", "key")
	}
	checkLines(t, "keys", read(bare), read(wrapped))
}

func TestWorkspaceOIDCProvider(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	const configuration, keys = "/workspaces/{workspace}/pipelines-config/identity/oidc/.well-known/openid-configuration", "/workspaces/{workspace}/pipelines-config/identity/oidc/keys.json"
	var want []string
	for _, w := range o.Workspaces[:2] {
		issuer := "https://api.bitbucket.org/2.0/workspaces/" + w.Slug + "/pipelines-config/identity/oidc"
		want = append(want, joinFields(w.Slug, issuer, issuer, issuer+"/keys.json", jsonArray([]string{"RS256"}), issuer, jsonArray(o.OIDCKeyIDs(w))))
	}
	rows := h.rows(tableQuery{table: "bitbucket_workspace_oidc_provider"})
	for _, r := range rows {
		r["configuration"] = r["configuration"].(map[string]any)["issuer"]
		ids := []any{}
		for _, key := range r["keys"].([]any) {
			ids = append(ids, key.(map[string]any)["kid"])
		}
		r["keys"] = ids
		if claims := r["claims_supported"].([]any); len(claims) < 5 {
			t.Errorf("claims %v", claims)
		}
	}
	checkLines(t, "providers", want, lines(rows, "workspace_slug", "issuer", "title", "jwks_uri", "id_token_signing_alg_values_supported", "configuration", "keys"))
	if diff := cmp.Diff(map[string]int{"/user/workspaces": 1, configuration: 2, keys: 2}, requested(fake)); diff != "" {
		t.Errorf("requests mismatch (-want +got):\n%s", diff)
	}
	fake.ResetJournal()
	if rows := h.rows(tableQuery{table: "bitbucket_workspace_oidc_provider", columns: "issuer", where: []*proto.Qual{where("workspace_slug", "=", o.Workspaces[2].Slug)}}); len(rows) != 1 {
		t.Errorf("%d rows of a workspace that the query names", len(rows))
	}
	if diff := cmp.Diff(map[string]int{configuration: 1, "/workspaces/{workspace}": 1}, requested(fake)); diff != "" {
		t.Errorf("requests mismatch (-want +got):\n%s", diff)
	}
	email, token := fake.APIToken(o.Connected.UUID)
	basic := fmt.Sprintf("base_url = %q\nemail = %q\napi_token = %q", fake.URL(), email, token)
	if _, err := newHost(t, map[string]string{"bitbucket": basic}).try(context.Background(), tableQuery{table: "bitbucket_workspace_oidc_provider"}); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("error %v, want Bitbucket's message for an API token", err)
	}
}
