package fakebitbucket

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNextForms(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options  Options
		wantNext string // part of the first link
		wantSize bool
	}{
		"default":     {Options{}, "page=2", true},
		"numbers":     {Options{NextForm: NextNumber}, "page=2", true},
		"tokens":      {Options{NextForm: NextToken}, "page=12tl", false},
		"context":     {Options{NextForm: NextContext}, "ctx=", false},
		"after":       {Options{NextForm: NextAfter}, "after=2014-03-02T01%3A00%3A10%2B00%3A00", false},
		"uuid":        {Options{NextByUUID: true}, "/2.0/repositories/%7B", true},
		"no size":     {Options{OmitSize: true}, "page=2", false},
		"short pages": {Options{ShortPages: true}, "page=2", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := Start(t, test.options)
			c := connected(t, s)
			var want []string
			for _, r := range s.Organization().RepositoriesOf(s.Organization().Workspaces[0]) {
				want = append(want, r.FullName())
			}
			values, pages := c.all("/2.0/repositories/harbor-labs" + queryString("q", "size > 0", "pagelen", "10"))
			if diff := cmp.Diff(want, column(values, "full_name")); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if first := pages[0]; !strings.Contains(first.Next, test.wantNext) || !strings.Contains(first.Next, "q=size+%3E+0") {
				t.Errorf("next is %s, want %s and the query in it", first.Next, test.wantNext)
			}
			for _, p := range pages {
				if *p.Pagelen != 10 || (p.Size != nil) != test.wantSize || (p.Page != nil) != test.wantSize {
					t.Errorf("pagelen %d, size %v, page %v", *p.Pagelen, p.Size, p.Page)
				}
			}
			if n := len(pages[0].Values); test.options.ShortPages != (n < 10) {
				t.Errorf("%d values on the first page", n)
			}
		})
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	tests := map[string]struct {
		path        string
		wantStatus  int
		wantValues  int
		wantMessage string
	}{
		"default":                {"/2.0/repositories/harbor-labs", 200, 10, ""},
		"longest":                {"/2.0/repositories/harbor-labs?pagelen=100", 200, 72, ""},
		"too long":               {"/2.0/repositories/harbor-labs?pagelen=101", 400, 0, "Invalid pagelen"},
		"none":                   {"/2.0/repositories/harbor-labs?pagelen=0", 400, 0, "Invalid pagelen"},
		"no number":              {"/2.0/repositories/harbor-labs?pagelen=many", 400, 0, "Invalid pagelen"},
		"last":                   {"/2.0/repositories/harbor-labs?page=8", 200, 2, ""},
		"beyond the end":         {"/2.0/repositories/harbor-labs?page=9", 200, 0, ""},
		"page zero":              {"/2.0/repositories/harbor-labs?page=0", 400, 0, "Invalid page"},
		"page of letters":        {"/2.0/repositories/harbor-labs?page=next", 400, 0, "Invalid page"},
		"default of members":     {"/2.0/workspaces/harbor-labs/members", 200, 40, ""},
		"default of permissions": {"/2.0/workspaces/harbor-labs/permissions", 200, 40, ""},
		"nothing":                {"/2.0/repositories/harbor-labs?q=size%3C0", 200, 0, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := c.get(test.path)
			if a.status != test.wantStatus {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if a.status != http.StatusOK {
				if a.message() != test.wantMessage {
					t.Errorf("message %q, want %q", a.message(), test.wantMessage)
				}
				return
			}
			var p listPage
			if a.decode(&p); len(p.Values) != test.wantValues {
				t.Errorf("%d values, want %d", len(p.Values), test.wantValues)
			}
			if p.Values == nil {
				t.Error("values is null, not an empty list")
			}
		})
	}
}

func TestMadeUpPages(t *testing.T) {
	t.Parallel()
	for _, form := range []NextForm{NextToken, NextContext, NextAfter} {
		t.Run(string(form), func(t *testing.T) {
			t.Parallel()
			s := serve(t, Options{NextForm: form})
			if a := connected(t, s).get("/2.0/repositories/harbor-labs?page=2"); a.status != http.StatusBadRequest {
				t.Errorf("status %d, want 400", a.status)
			}
			if len(s.Violations()) != 1 {
				t.Errorf("violations %q, want one", s.Violations())
			}
		})
	}
}

func TestSort(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	names, _ := c.all("/2.0/repositories/harbor-labs?pagelen=100&sort=name")
	if got := column(names, "name"); !slices.IsSortedFunc(got, func(a, b string) int {
		return strings.Compare(strings.ToLower(a), strings.ToLower(b))
	}) {
		t.Errorf("not sorted by name: %q", got)
	}
	updated, _ := c.all("/2.0/repositories/harbor-labs?pagelen=100&sort=-updated_on")
	got := column(updated, "updated_on")
	slices.Reverse(got)
	if !slices.IsSorted(got) {
		t.Errorf("not sorted by -updated_on: %q", got)
	}
	websites, _ := c.all("/2.0/repositories/harbor-labs?pagelen=100&sort=website")
	if first, last := websites[0]["website"], websites[len(websites)-1]["website"]; first == nil || last != nil {
		t.Errorf("sorted by website, the first is %v and the last %v, want null last", first, last)
	}
	for _, bad := range []string{"nothing", "-", "parent", "name,size"} {
		if a := c.get("/2.0/repositories/harbor-labs" + queryString("sort", bad)); a.status != http.StatusBadRequest {
			t.Errorf("sort=%s: status %d, want 400", bad, a.status)
		}
	}
	if a := c.get("/2.0/user/workspaces?sort=-slug"); !strings.HasPrefix(a.body, `{"values":[{"type":"workspace_access","administrator":false`) {
		t.Errorf("sort=-slug: %s", a.body)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	o := s.Organization()
	var large []string
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		if r.Size > 1<<32 {
			large = append(large, r.Slug)
		}
	}
	slices.Sort(large)
	tests := map[string]struct {
		path, q, column string
		want            []string
	}{
		"full name":    {"/2.0/repositories/harbor-labs", `full_name = "harbor-labs/payments-api"`, "slug", []string{"payments-api"}},
		"backslash":    {"/2.0/repositories/harbor-labs", `name = "back\\slash"`, "slug", []string{"back-slash"}},
		"quotes":       {"/2.0/repositories/harbor-labs", `name ~ "\"QUOTED\""`, "slug", []string{"the-quoted-repository"}},
		"large":        {"/2.0/repositories/harbor-labs", `size > 4294967296 AND slug != "x"`, "slug", large},
		"own":          {"/2.0/user/workspaces", `slug = "QuarryTools"`, "workspace.slug", []string{"QuarryTools"}},
		"own, nested":  {"/2.0/user/workspaces", `workspace.slug ~ "QUARRY"`, "workspace.slug", []string{"QuarryTools"}},
		"member":       {"/2.0/workspaces/harbor-labs/members", `user.uuid = "` + o.Connected.UUID + `"`, "user.nickname", []string{"Amber Heron"}},
		"account":      {"/2.0/workspaces/harbor-labs/members", `user.account_id = "` + o.Connected.AccountID + `"`, "user.nickname", []string{"Amber Heron"}},
		"owners":       {"/2.0/workspaces/harbor-labs/permissions", `permission = "owner"`, "permission", []string{"owner", "owner", "owner", "owner"}},
		"team account": {"/2.0/workspaces/harbor-labs/members", `user.account_id = null AND user.nickname = null`, "user.type", []string{"team"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, _ := c.all(test.path + queryString("q", test.q))
			got := column(values, test.column)
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	bad := map[string]string{
		"/2.0/workspaces/harbor-labs/members": `user.display_name = "x"`,
		"/2.0/repositories/harbor-labs":       `owner.username = "x"`,
		"/2.0/user/workspaces":                `administrator = true`,
	}
	for path, q := range bad {
		if a := c.get(path + queryString("q", q)); a.status != http.StatusBadRequest || !strings.Contains(a.message(), "does not support filtering") {
			t.Errorf("GET %s q=%s: %d %s", path, q, a.status, a.body)
		}
	}
}
