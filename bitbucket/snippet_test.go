package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// visibleSnippets returns the snippets of the connected user's workspaces that satisfy a condition, or all if it is nil.
func visibleSnippets(o *organization.Organization, matches func(*organization.Snippet) bool) []*organization.Snippet {
	var all []*organization.Snippet
	for _, m := range o.MembershipsOf(o.Connected) {
		for _, s := range o.Snippets(m.Workspace) {
			if matches == nil || matches(s) {
				all = append(all, s)
			}
		}
	}
	return all
}

var snippetColumns = []string{"workspace_slug", "workspace_uuid", "id", "title", "is_private", "scm", "created_on", "updated_on", "creator_uuid", "creator_display_name", "creator_account_id", "owner_uuid", "owner_type"}

func snippetLine(s *organization.Snippet) string {
	uuid, name, account := any(nil), any(nil), any(nil)
	if s.Creator != nil {
		uuid, name, account = s.Creator.UUID, s.Creator.DisplayName, orNil(s.Creator.AccountID)
	}
	return joinFields(s.Workspace.Slug, s.Workspace.UUID, s.ID, orNil(s.Title), s.IsPrivate, "git", s.CreatedOn, s.UpdatedOn, uuid, name, account, s.Owner.UUID, s.Owner.Type)
}

func TestSnippet(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	const lists, one = "/snippets/{workspace}", "/snippets/{workspace}/{encoded_id}"
	home, away := visibleSnippets(o, nil)[0], visibleSnippets(o, func(s *organization.Snippet) bool { return s.Workspace == o.Workspaces[1] })[2]
	watches := func(s *organization.Snippet) bool {
		return slices.Contains(s.Watchers, o.Connected) || s.Owner == o.Connected
	}
	is := func(some ...*organization.Snippet) func(*organization.Snippet) bool {
		return func(s *organization.Snippet) bool { return slices.Contains(some, s) }
	}
	for name, test := range map[string]struct {
		where []*proto.Qual
		holds func(*organization.Snippet) bool
		want  map[string]int // requests
	}{
		"all":            {nil, nil, map[string]int{"/user/workspaces": 1, lists: 2}},
		"of a workspace": {[]*proto.Qual{where("workspace_slug", "=", "QuarryTools")}, func(s *organization.Snippet) bool { return s.Workspace == o.Workspaces[1] }, map[string]int{"/user/workspaces": 1, lists: 1}},
		"one":            {[]*proto.Qual{where("id", "=", away.ID)}, is(away), map[string]int{"/user/workspaces": 1, one: 2}},
		"one of one":     {[]*proto.Qual{where("id", "=", away.ID), where("workspace_slug", "=", "QuarryTools")}, is(away), map[string]int{"/user/workspaces": 1, one: 1}},
		"two":            {[]*proto.Qual{where("id", "=", []string{home.ID, away.ID, "nothing", "../x"})}, is(home, away), map[string]int{"/user/workspaces": 1, one: 6}},
		"owned":          {[]*proto.Qual{where("role", "=", "owner")}, func(s *organization.Snippet) bool { return s.Owner == o.Connected }, map[string]int{"/user/workspaces": 1, lists: 2}},
		"watched":        {[]*proto.Qual{where("role", "=", "contributor")}, watches, map[string]int{"/user/workspaces": 1, lists: 2}},
		"one in a role":  {[]*proto.Qual{where("role", "=", "member"), where("id", "=", home.ID)}, is(home), map[string]int{"/user/workspaces": 1, lists: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			freshHost := connected(t, fake, "max_wait = \"59s\" # "+name) // with an empty cache
			fake.ResetJournal()
			var want []string
			for _, s := range visibleSnippets(o, test.holds) {
				want = append(want, snippetLine(s))
			}
			checkLines(t, name, want, lines(freshHost.rows(tableQuery{table: "bitbucket_snippet", columns: strings.Join(snippetColumns, " "), where: test.where}), snippetColumns...))
			if diff := cmp.Diff(test.want, requested(fake)); diff != "" {
				t.Errorf("requests mismatch (-want +got):\n%s", diff)
			}
			for _, e := range fake.Journal() {
				for _, q := range test.where {
					if e.Endpoint == "/2.0"+lists && q.FieldName == "role" && e.Query.Get("role") != q.Value.GetStringValue() {
						t.Errorf("the query of the request is %v", e.Query)
					}
				}
			}
		})
	}
	for name, q := range map[string][]*proto.Qual{
		"no workspace": {where("workspace_slug", "=", "nobodys-workspace")},
		"no role":      {where("role", "=", "janitor")},
		"not mine":     {where("id", "=", o.Snippets(o.Workspaces[2])[0].ID), where("workspace_slug", "=", o.Workspaces[2].Slug)},
	} {
		if rows, err := h.try(context.Background(), tableQuery{table: "bitbucket_snippet", columns: "id", where: q}); err == nil || len(rows) > 0 {
			t.Errorf("%s: %d rows, error %v, want an error", name, len(rows), err)
		}
	}
	fake.ResetJournal()
	if rows := h.rows(tableQuery{table: "bitbucket_snippet", columns: "id files", limit: 2}); len(rows) != 2 {
		t.Errorf("LIMIT 2 gave %d rows", len(rows))
	}
	if got := requested(fake)[one]; got != 2 {
		t.Errorf("LIMIT 2 requested the files of %d snippets", got)
	}
}

func TestSnippetWithATokenOfTheWorkspace(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	token := fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), fake.WorkspaceAccessToken(o.Workspaces[0].Slug))
	rows := newHost(t, map[string]string{"bitbucket": token}).rows(tableQuery{table: "bitbucket_snippet", columns: "id workspace_uuid", where: []*proto.Qual{where("workspace_slug", "=", o.Workspaces[0].Slug)}})
	if len(rows) == 0 || rows[0]["workspace_uuid"] != nil {
		t.Errorf("rows with a token without a user: %v", rows)
	}
}

func TestSnippetFiles(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	var want []string
	for _, s := range visibleSnippets(o, nil) {
		want = append(want, joinFields(s.ID, sorted(slices.Clone(s.Files))))
	}
	read := func(quals ...*proto.Qual) []string {
		rows := h.rows(tableQuery{table: "bitbucket_snippet", columns: "id files", where: quals})
		for _, r := range rows {
			var names []string
			for name := range r["files"].(map[string]any) {
				names = append(names, name)
			}
			r["files"] = sorted(names)
		}
		return lines(rows, "id", "files")
	}
	checkLines(t, "files", want, read())
	one := visibleSnippets(o, nil)[3]
	fake.ResetJournal()
	checkLines(t, "files of one", []string{joinFields(one.ID, sorted(slices.Clone(one.Files)))}, read(where("id", "=", one.ID), where("workspace_slug", "=", one.Workspace.Slug)))
	if n := len(fake.Journal()); n != 1 {
		t.Errorf("%d requests for the files of one snippet", n)
	}
	fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultStatus, Path: "/2.0/snippets/{workspace}/" + one.ID, Status: http.StatusNotFound, Body: `{"type":"error","error":{"message":"Snippet not found"}}`, Count: -1})
	for _, r := range h.rows(tableQuery{table: "bitbucket_snippet", columns: "id files"}) {
		if (r["files"] == nil) != (r["id"] == one.ID) {
			t.Errorf("%s, gone since it was listed: %s, has files %v", r["id"], one.ID, r["files"])
		}
	}
}

func TestSnippetCommentsAndCommits(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h := connected(t, fake)
	o := fake.Organization()
	commentColumns := []string{"workspace_slug", "snippet_id", "id", "content_raw", "created_on", "updated_on", "is_deleted", "parent_id", "user_uuid", "user_display_name"}
	comments := func(some []*organization.Snippet) []string {
		var all []string
		for _, s := range some {
			for _, c := range s.Comments {
				response := any(nil)
				if c.Parent != nil {
					response = c.Parent.ID
				}
				all = append(all, joinFields(s.Workspace.Slug, s.ID, c.ID, orNil(c.Text), c.CreatedOn, c.UpdatedOn, c.Deleted, response, c.User.UUID, c.User.DisplayName))
			}
		}
		return all
	}
	commitColumns := []string{"workspace_slug", "snippet_id", "hash", "title", "message", "date", "author_raw", "author_uuid", "author_display_name"}
	commits := func(some []*organization.Snippet) []string {
		var all []string
		for _, s := range some {
			for _, c := range s.Commits {
				uuid, name := any(nil), any(nil)
				if c.User != nil {
					uuid, name = c.User.UUID, c.User.DisplayName
				}
				all = append(all, joinFields(s.Workspace.Slug, s.ID, c.Hash, c.Hash, c.Message, c.Date, c.Author, uuid, name))
			}
		}
		return all
	}
	all := visibleSnippets(o, nil)
	commented := slices.DeleteFunc(slices.Clone(all), func(s *organization.Snippet) bool { return len(s.Comments) == 0 })
	tests := map[string]struct {
		columns []string
		of      func([]*organization.Snippet) []string
		list    string
	}{
		"bitbucket_snippet_comment": {commentColumns, comments, "/snippets/{workspace}/{encoded_id}/comments"},
		"bitbucket_snippet_commit":  {commitColumns, commits, "/snippets/{workspace}/{encoded_id}/commits"},
	}
	for name, tab := range tests {
		t.Run(name, func(t *testing.T) {
			read := func(quals ...*proto.Qual) []string {
				fake.ResetJournal()
				return lines(h.rows(tableQuery{table: name, where: quals}), tab.columns...)
			}
			checkLines(t, "all", tab.of(all), read())
			if got := requested(fake)[tab.list]; got != len(all) {
				t.Errorf("%d requests for %d snippets", got, len(all))
			}
			one := commented[1]
			checkLines(t, "of one", tab.of([]*organization.Snippet{one}), read(where("snippet_id", "=", one.ID), where("workspace_slug", "=", one.Workspace.Slug)))
			if n := len(fake.Journal()); n > 3 { // one request each for the names of the workspace and the snippet
				t.Errorf("%d requests for one snippet", n)
			}
			last := commented[len(commented)-1]
			checkLines(t, "of two", tab.of([]*organization.Snippet{one, last}), read(where("snippet_id", "=", []string{one.ID, last.ID, "nothing", ".."})))
			inOne := func(s *organization.Snippet) bool { return s.Workspace == last.Workspace }
			checkLines(t, "of a workspace", tab.of(visibleSnippets(o, inOne)), read(where("workspace_slug", "=", last.Workspace.Slug)))
			if rows := read(where("snippet_id", "=", "nothing"), where("workspace_slug", "=", last.Workspace.Slug)); len(rows) > 0 {
				t.Errorf("%d rows of no snippet", len(rows))
			}
			fake.ResetJournal()
			if rows := h.rows(tableQuery{table: name, columns: "snippet_id", limit: 1}); len(rows) != 1 {
				t.Errorf("LIMIT 1 gave %d rows", len(rows))
			}
			if got := requested(fake)[tab.list]; got > 4 {
				t.Errorf("LIMIT 1 made %d requests", got)
			}

			fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultStatus, Path: "/2.0/snippets/{workspace}/" + one.ID + "/{list}", Status: http.StatusNotFound, Body: `{"type":"error","error":{"message":"Snippet not found"}}`, Count: -1})
			checkLines(t, "without one that is gone", tab.of(slices.DeleteFunc(slices.Clone(all), func(s *organization.Snippet) bool { return s == one })), read())
			fake.ClearFaults()
			fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHTML, Path: "/2.0/snippets/{workspace}/" + one.ID + "/{list}", Status: http.StatusNotFound, Count: -1})
			if _, err := h.try(context.Background(), tableQuery{table: name}); err == nil {
				t.Error("no error for a web page that is not Bitbucket's answer")
			}
			fake.ClearFaults()
		})
	}
}
