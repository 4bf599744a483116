package bitbucket

import (
	"fmt"
	"strings"
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// TestArgumentsOfOneConnection checks that wrong arguments are an error of their connection only. This is so when the host
// sends all connections at its start, and when it sends changed ones while it runs.
func TestArgumentsOfOneConnection(t *testing.T) {
	environment(t, nil)
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	good := connectionTo(fake, fake.Organization().Connected.UUID)
	wrong := map[string]struct {
		config      string
		wantMention []string
	}{
		"typo":           {`consumer_kee = "k"`, []string{`"consumer_kee"`, `Did you mean "consumer_key"?`}},
		"another_name":   {`workspace = ["acme"]`, []string{`"workspace"`, `Did you mean "workspaces"?`}},
		"unheard_of":     {`colour = "red"`, []string{`"colour"`, "not expected"}},
		"app_password":   {"username = \"somebody\"\npassword = \"s3cr3t\"", []string{`"username"`, `"password"`, "App passwords no longer work", "docs/migration.md"}},
		"wrong_type":     {`max_concurrency = "many"`, []string{"max_concurrency", "a number is required"}},
		"wrong_list":     {`workspaces = "acme"`, []string{"workspaces", "list"}},
		"list_for_text":  {`access_token = ["s3cr3t"]`, []string{"access_token", "string required"}},
		"no_quotes":      {`access_token = s3cr3t`, []string{"access_token", "Variables"}},
		"block":          {"retry {\n  times = 3\n}", []string{`"retry"`}},
		"syntax":         {"base_url = \"https://api.bitbucket.org\naccess_token = \"s3cr3t\"", []string{"can't read the connection", "line 1"}},
		"value_as_usual": {`max_wait = "soon"`, []string{`max_wait is "soon"`}},
	}
	all := map[string]string{"alpha": good, "omega": good}
	for name, test := range wrong {
		all[name] = test.config
	}
	look := func(t *testing.T, h *host) {
		t.Helper()
		for name := range all {
			rows, err := h.tryOn(t.Context(), []string{name}, tableQuery{table: "bitbucket_user", columns: "uuid"})
			test, isWrong := wrong[name]
			if !isWrong {
				if err != nil || len(rows) != 1 {
					t.Errorf("%s: %d rows and error %v", name, len(rows), err)
				}
				continue
			}
			if err == nil {
				t.Errorf("%s: no error", name)
				continue
			}
			for _, mention := range append(test.wantMention, name+": ") {
				if !strings.Contains(err.Error(), mention) {
					t.Errorf("%s: error %q does not mention %s", name, err, mention)
				}
			}
			if strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error %q has several lines, or shows a secret", name, err)
			}
		}
	}
	t.Run("at the start", func(t *testing.T) { look(t, newHost(t, all)) })
	t.Run("while it runs", func(t *testing.T) {
		h := newHost(t, map[string]string{"alpha": good, "typo": good})
		req := &proto.UpdateConnectionConfigsRequest{}
		for name, config := range all {
			c := &proto.ConnectionConfig{Connection: name, Plugin: "local/bitbucket", PluginShortName: "bitbucket", PluginInstance: "bitbucket", Config: config}
			switch name {
			case "alpha":
			case "typo":
				req.Changed = append(req.Changed, c)
			default:
				req.Added = append(req.Added, c)
			}
		}
		if _, err := h.UpdateConnectionConfigs(req); err != nil {
			t.Fatal(err)
		}
		look(t, h)
		if _, err := h.UpdateConnectionConfigs(&proto.UpdateConnectionConfigsRequest{Deleted: req.Added}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestArgumentsAsJSON sends the connections as JSON.
func TestArgumentsAsJSON(t *testing.T) {
	environment(t, nil)
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	token := fake.AccessToken(fake.Organization().Connected.UUID, fakebitbucket.AllScopes()...)
	h := newHost(t, map[string]string{
		"good": fmt.Sprintf(`{"base_url": %q, "access_token": %q, "max_concurrency": 2}`, fake.URL(), token),
		"typo": fmt.Sprintf(`{"base_url": %q, "acces_token": %q}`, fake.URL(), token),
	})
	if rows, err := h.tryOn(t.Context(), []string{"good"}, tableQuery{table: "bitbucket_user", columns: "uuid"}); err != nil || len(rows) != 1 {
		t.Errorf("%d rows and error %v", len(rows), err)
	}
	if _, err := h.tryOn(t.Context(), []string{"typo"}, tableQuery{table: "bitbucket_user", columns: "uuid"}); err == nil || !strings.Contains(err.Error(), "acces_token") || strings.Contains(err.Error(), token) {
		t.Errorf("error %v does not name the argument, or shows its value", err)
	}
}
