package fakebitbucket

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// TestSnippets compares the snippets of all workspaces, their comments and commits with the organization.
func TestSnippets(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	o := s.Organization()
	want, got := map[string][]string{}, map[string][]string{}
	for _, w := range o.Workspaces {
		place := "/2.0/snippets/" + w.Slug
		for _, x := range o.Snippets(w) {
			if x.IsPrivate && w == o.Workspaces[2] {
				continue
			}
			want[place] = append(want[place], fmt.Sprint(x.ID, x.Title, x.IsPrivate, x.Creator != nil))
			for _, y := range x.Comments {
				want[x.ID+"/comments"] = append(want[x.ID+"/comments"], fmt.Sprint(y.ID, y.Text, y.Deleted, y.Parent != nil, y.User.UUID))
			}
			for _, y := range x.Commits {
				want[x.ID+"/commits"] = append(want[x.ID+"/commits"], fmt.Sprint(y.Hash, y.Author, y.User != nil, stampText(y.Date)))
			}
		}
		values, _ := c.all(place)
		for _, v := range values {
			id := v["id"].(string)
			got[place] = append(got[place], fmt.Sprint(id, v["title"], v["is_private"], v["creator"] != nil))
			if _, ok := v["files"]; ok {
				t.Errorf("%s: the list has files", id)
			}
			one := c.get(place + "/" + id).object()
			if files, _ := one["files"].(map[string]any); len(files) == 0 {
				t.Errorf("%s has no files: %v", id, one)
			}
			comments, _ := c.all(place + "/" + id + "/comments")
			for _, y := range comments {
				raw, _ := valueAt(y, "content.raw")
				user, _ := valueAt(y, "user.uuid")
				got[id+"/comments"] = append(got[id+"/comments"], fmt.Sprint(y["id"], raw, y["deleted"], y["parent"] != nil, user))
				if a := c.get(fmt.Sprint(place, "/", id, "/comments/", y["id"])); a.status != 200 {
					t.Errorf("comment %v: %d", y["id"], a.status)
				}
			}
			commits, _ := c.all(place + "/" + id + "/commits")
			for _, y := range commits {
				raw, _ := valueAt(y, "author.raw")
				user, _ := valueAt(y, "author.user")
				got[id+"/commits"] = append(got[id+"/commits"], fmt.Sprint(y["hash"], raw, user != nil, y["date"]))
				if a := c.get(fmt.Sprint(place, "/", id, "/commits/", y["hash"])); a.status != 200 {
					t.Errorf("commit %v: %d", y["hash"], a.status)
				}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSnippetRoles(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	o := s.Organization()
	for _, role := range []string{"owner", "contributor", "member"} {
		want := []string{}
		for _, x := range o.Snippets(o.Workspaces[0]) {
			if x.Owner == o.Connected || role != "owner" && slices.Contains(x.Watchers, o.Connected) || role == "member" {
				want = append(want, x.ID)
			}
		}
		values, _ := c.all("/2.0/snippets/harbor-labs?role=" + role)
		if diff := cmp.Diff(want, column(values, "id")); diff != "" || len(want) == 0 {
			t.Errorf("%s (-want +got):\n%s", role, diff)
		}
	}
}

func TestSnippetRefusals(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	of := func(w *organization.Workspace, private bool) string {
		all := o.Snippets(w)
		return "/2.0/snippets/" + w.Slug + "/" + all[slices.IndexFunc(all, func(x *organization.Snippet) bool { return x.IsPrivate == private })].ID
	}
	stranger, anybody := connected(t, s), caller{t, s, "", newClient(t)}
	tests := map[string]struct {
		caller caller
		path   string
		want   int
	}{
		"public":                   {stranger, of(o.Workspaces[2], false), 200},
		"public, to anybody":       {anybody, of(o.Workspaces[2], false), 200},
		"private of my workspace":  {stranger, of(o.Workspaces[1], true), 200},
		"private of another":       {stranger, of(o.Workspaces[2], true), 403},
		"private, to anybody":      {anybody, of(o.Workspaces[2], true), 401},
		"comments of a private":    {stranger, of(o.Workspaces[2], true) + "/comments", 403},
		"none":                     {stranger, "/2.0/snippets/harbor-labs/nothing", 404},
		"no workspace":             {stranger, "/2.0/snippets/nothing", 404},
		"no comment":               {stranger, of(o.Workspaces[0], true) + "/comments/0", 404},
		"no commit":                {stranger, of(o.Workspaces[0], true) + "/commits/0", 404},
		"without the scope":        {connected(t, s, "account", "repository"), "/2.0/snippets/harbor-labs", 403},
		"with the scope":           {connected(t, s, "snippet"), "/2.0/snippets/harbor-labs", 200},
		"with the scope of writes": {connected(t, s, "snippet:write"), "/2.0/snippets/harbor-labs", 200},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := test.caller.get(test.path); a.status != test.want {
				t.Errorf("GET %s: %d %s, want %d", test.path, a.status, a.body, test.want)
			}
		})
	}
}

func TestSnippetPages(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	all := o.Snippets(o.Workspaces[0])
	place := "/2.0/snippets/harbor-labs/" + all[0].ID
	if _, pages := c.all(place + "/commits"); len(pages) != 2 || pages[0].Size != nil {
		t.Errorf("%d pages of commits", len(pages))
	}
	i := slices.IndexFunc(all, func(x *organization.Snippet) bool { return len(x.Comments) > 2 })
	place = "/2.0/snippets/harbor-labs/" + all[i].ID
	oldest, _ := c.all(place + "/comments")
	newest, _ := c.all(place + "/comments?sort=-created_on")
	slices.Reverse(newest)
	if !cmp.Equal(oldest, newest) {
		t.Errorf("oldest first %v, newest first, reversed %v", oldest, newest)
	}
	if a := c.get(place + "/comments?pagelen=101"); a.status != http.StatusBadRequest {
		t.Errorf("a page of 101: %d", a.status)
	}
}
