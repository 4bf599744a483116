package fakebitbucket

import (
	"fmt"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// TestAudience compares the forks, watchers and downloads of all repositories of a workspace with the organization.
func TestAudience(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	c := connected(t, s)
	o := s.Organization()
	want, got := map[string][]string{}, map[string][]string{}
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		place := "/2.0/repositories/" + r.FullName()
		for _, f := range o.Forks(r) {
			want[place+"/forks"] = append(want[place+"/forks"], f.FullName())
		}
		for _, u := range o.Watchers(r) {
			want[place+"/watchers"] = append(want[place+"/watchers"], u.UUID)
		}
		files, on := o.Downloads(r)
		for _, d := range files {
			want[place+"/downloads"] = append(want[place+"/downloads"], fmt.Sprint(d.Name, d.Size, d.Downloads, stampText(d.CreatedOn), d.User != nil))
		}
		for list, key := range map[string]string{"/forks": "full_name", "/watchers": "uuid"} {
			if values, _ := c.all(place + list); len(values) > 0 {
				got[place+list] = column(values, key)
			}
		}
		if a := c.get(place + "/downloads"); (a.status == 200) != on || !on && a.status != 404 {
			t.Errorf("%s: downloads answer %d, on: %v", place, a.status, on)
		}
		if !on {
			continue
		}
		values, _ := c.all(place + "/downloads")
		for _, v := range values {
			got[place+"/downloads"] = append(got[place+"/downloads"],
				fmt.Sprint(v["name"], int64(v["size"].(float64)), v["downloads"], v["created_on"], v["user"] != nil))
			if a := c.get(place + "/downloads/" + url.PathEscape(v["name"].(string))); a.status != 302 {
				t.Errorf("%s: %d", v["name"], a.status)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a := c.get("/2.0/repositories/" + o.Repositories[0].FullName() + "/downloads/nothing"); a.status != 404 {
		t.Errorf("a missing download: %d", a.status)
	}
}

func TestForks(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	o := s.Organization()
	i := slices.IndexFunc(o.Repositories, func(r *organization.Repository) bool { return !r.IsPrivate })
	parent := o.Repositories[i]
	hidden := s.AddRepository(organization.Repository{Workspace: o.Workspaces[2], Slug: "hidden-fork", IsPrivate: true, Parent: parent})
	shown := s.AddRepository(organization.Repository{Workspace: o.Workspaces[1], Slug: "shown-fork", IsPrivate: true, Parent: parent})
	s.GrantRepository(shown.FullName(), o.Connected.UUID, "write")
	c := connected(t, s)
	place := "/2.0/repositories/" + parent.FullName() + "/forks"
	list := func(q string) []string {
		values, _ := c.all(place + q)
		return column(values, "full_name")
	}
	all := list("")
	if slices.Contains(all, hidden.FullName()) || !slices.Contains(all, shown.FullName()) || !slices.ContainsFunc(all, func(n string) bool {
		return o.Repository(n) != nil && o.Repository(n).Workspace == o.Workspaces[2]
	}) {
		t.Errorf("forks %q", all)
	}
	if got := list("?role=admin"); slices.Contains(got, shown.FullName()) {
		t.Errorf("forks that the user administers: %q", got)
	}
	if got := list(queryString("q", `slug = "shown-fork"`, "sort", "-created_on")); !cmp.Equal(got, []string{shown.FullName()}) {
		t.Errorf("forks by slug: %q", got)
	}
	if got := list("?role=contributor"); !slices.Contains(got, shown.FullName()) {
		t.Errorf("forks that the user may write to: %q", got)
	}
	s.ChangeRepository(parent.FullName(), func(r *organization.Repository) { r.Name = "Renamed" })
	if diff := cmp.Diff(all, list("")); diff != "" {
		t.Errorf("a change of the parent changed its forks (-want +got):\n%s", diff)
	}
}

// TestAudienceKinds checks that every case that matters to clients occurs in the default organization.
func TestAudienceKinds(t *testing.T) {
	t.Parallel()
	o := unchanged()
	home := o.RepositoriesOf(o.Workspaces[0])
	download := func(holds func(*organization.Download) bool) func(*organization.Repository) bool {
		return func(r *organization.Repository) bool {
			files, _ := o.Downloads(r)
			return slices.ContainsFunc(files, holds)
		}
	}
	for name, holds := range map[string]func(*organization.Repository) bool{
		"unwatched":         func(r *organization.Repository) bool { return len(o.Watchers(r)) == 0 },
		"much watched":      func(r *organization.Repository) bool { return len(o.Watchers(r)) > 20 },
		"forked":            func(r *organization.Repository) bool { return len(o.Forks(r)) > 0 },
		"without downloads": func(r *organization.Repository) bool { files, on := o.Downloads(r); return on && len(files) == 0 },
		"downloads off":     func(r *organization.Repository) bool { _, on := o.Downloads(r); return !on },
		"many downloads":    func(r *organization.Repository) bool { files, _ := o.Downloads(r); return len(files) > 10 },
		"never downloaded":  download(func(d *organization.Download) bool { return d.Downloads == 0 }),
		"account gone":      download(func(d *organization.Download) bool { return d.User == nil }),
		"large":             download(func(d *organization.Download) bool { return d.Size > 1<<31 }),
	} {
		if !slices.ContainsFunc(home, holds) {
			t.Errorf("%s: none", name)
		}
	}
}
