package fakebitbucket

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// codeOf returns the path of a repository in the API.
func codeOf(r *organization.Repository) string { return "/2.0/repositories/" + r.FullName() }

// aRepositoryWith returns the first repository with a property in the workspace that the connected user administers.
func aRepositoryWith(t *testing.T, o *organization.Organization, holds func(*organization.Repository) bool) *organization.Repository {
	t.Helper()
	all := o.RepositoriesOf(o.Workspaces[0])
	i := slices.IndexFunc(all, holds)
	if i < 0 {
		t.Fatal("no repository has this property")
	}
	return all[i]
}

func hashes(commits []*organization.Commit) []string {
	all := []string{}
	for _, c := range commits {
		all = append(all, c.Hash)
	}
	return all
}

func TestHistories(t *testing.T) {
	t.Parallel()
	takesLong(t)
	o := unchanged()
	var empty, long, outOfOrder, merges, shared int
	for _, r := range o.Repositories {
		commits := o.Commits(r)
		if r.MainBranch == "" {
			if empty++; len(commits)+len(o.Branches(r))+len(o.Tags(r)) > 0 || o.Head(r) != nil {
				t.Errorf("%s is empty and has a history", r.FullName())
			}
			continue
		}
		place := map[*organization.Commit]int{}
		for i, c := range commits {
			place[c] = i + 1
			if c.Date.After(start) || c.Date.Nanosecond() != 0 || len(c.Hash) != 40 || len(c.Files) == 0 {
				t.Errorf("%s: %+v", r.FullName(), c)
			}
			if i > 0 && commits[i-1].Date.Before(c.Date) {
				outOfOrder++
			}
			if len(c.Parents) == 2 {
				merges++
			}
			if r.Parent != nil && o.Commit(r.Parent, c.Hash) == c {
				shared++
			}
		}
		if len(commits) > 100 {
			long++
		}
		for _, c := range commits {
			for _, p := range c.Parents {
				if place[p] <= place[c] {
					t.Errorf("%s: %s comes before its child", r.FullName(), p.Hash)
				}
			}
		}
		names := map[string]bool{}
		for _, b := range o.Branches(r) {
			if names[b.Name] || place[b.Target] == 0 || o.Branch(r, b.Name) != b || strings.ContainsAny(b.Name, " ~^:?*[\\") {
				t.Errorf("%s: the branch %q", r.FullName(), b.Name)
			}
			names[b.Name] = true
		}
		for _, tag := range o.Tags(r) {
			if place[tag.Target] == 0 || (tag.Date == nil) != (tag.Tagger == nil) || tag.Date != nil && tag.Date.After(start) {
				t.Errorf("%s: the tag %+v", r.FullName(), tag)
			}
		}
		if !names[r.MainBranch] {
			t.Errorf("%s has no %s", r.FullName(), r.MainBranch)
		}
	}
	for what, n := range map[string]int{
		"empty": empty, "long": long, "out of order": outOfOrder, "merges": merges, "shared by a fork": shared,
	} {
		if n == 0 {
			t.Errorf("no history is %s", what)
		}
	}
}

func TestCommits(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	r := aRepositoryWith(t, o, func(r *organization.Repository) bool {
		return len(o.Commits(r)) > 100 && len(o.Branches(r)) > 5 && len(o.Tags(r)) > 2
	})
	side := o.Branches(r)[slices.IndexFunc(o.Branches(r), func(b *organization.Branch) bool {
		return b.Target != o.Head(r) && len(organization.Log([]*organization.Commit{b.Target}, []*organization.Commit{o.Head(r)})) > 0 && strings.Contains(b.Name, "/")
	})]
	tag := o.Tags(r)[1]
	one := func(c *organization.Commit) []*organization.Commit { return []*organization.Commit{c} }
	touching := func(path string) []*organization.Commit {
		return slices.DeleteFunc(slices.Clone(o.Commits(r)), func(c *organization.Commit) bool { return !c.Touches(path) })
	}
	tests := map[string]struct {
		path string
		want []*organization.Commit
	}{
		"all":                       {"/commits", o.Commits(r)},
		"main branch":               {"/commits/" + url.PathEscape(r.MainBranch), organization.Log(one(o.Head(r)), nil)},
		"branch":                    {"/commits/" + url.PathEscape(side.Name), organization.Log(one(side.Target), nil)},
		"tag":                       {"/commits/" + url.PathEscape(tag.Name), organization.Log(one(tag.Target), nil)},
		"hash":                      {"/commits/" + tag.Target.Hash, organization.Log(one(tag.Target), nil)},
		"short hash":                {"/commits/" + tag.Target.Hash[:12], organization.Log(one(tag.Target), nil)},
		"not on a tag":              {"/commits" + queryString("exclude", tag.Name), organization.Log(o.Commits(r), one(tag.Target))},
		"branch alone":              {"/commits/" + url.PathEscape(side.Name) + queryString("exclude", r.MainBranch), organization.Log(one(side.Target), one(o.Head(r)))},
		"included":                  {"/commits" + queryString("include", side.Name), organization.Log(one(side.Target), nil)},
		"two":                       {"/commits/" + tag.Target.Hash + queryString("include", side.Name), organization.Log([]*organization.Commit{side.Target, tag.Target}, nil)},
		"a file":                    {"/commits" + queryString("path", "src/lib/client.ts"), touching("src/lib/client.ts")},
		"a directory":               {"/commits" + queryString("path", "src/"), touching("src")},
		"no file has this property": {"/commits" + queryString("path", "src/li"), nil},
		"longest page":              {"/commits" + queryString("pagelen", "100"), o.Commits(r)},
		"nothing behind":            {"/commits/" + side.Target.Hash + queryString("exclude", side.Name), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, pages := connected(t, s).all(codeOf(r) + test.path)
			if diff := cmp.Diff(hashes(test.want), column(values, "hash")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(test.want) == 0 && !strings.HasPrefix(name, "no") {
				t.Error("the organization lacks a case that this test needs")
			}
			for i, p := range pages {
				if p.Size != nil || p.Page != nil || i < len(pages)-1 && !strings.Contains(p.Next, "ctx=") {
					t.Errorf("page %d has size %v, page %v, next %s", i+1, p.Size, p.Page, p.Next)
				}
			}
		})
	}
	if a := c.get(codeOf(r) + "/commits"); strings.Count(a.body, `"commit_file"`) != 0 || len(a.object()["values"].([]any)) != 30 {
		t.Errorf("the first page: %s", a.body)
	}
}

func TestRefs(t *testing.T) {
	t.Parallel()
	takesLong(t)
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	r := aRepositoryWith(t, o, func(r *organization.Repository) bool { return len(o.Branches(r)) > 100 })
	tagged := aRepositoryWith(t, o, func(r *organization.Repository) bool { return len(o.Tags(r)) > 100 })
	names := func(keep func(*organization.Branch) bool) []string {
		all := []string{}
		for _, b := range o.Branches(r) {
			if keep(b) {
				all = append(all, b.Name)
			}
		}
		return all
	}
	all := names(func(*organization.Branch) bool { return true })
	var wantTags []string
	for _, tag := range o.Tags(tagged) {
		wantTags = append(wantTags, tag.Name)
	}
	slices.Sort(wantTags)
	mid := o.Branches(r)[50].Target.Date
	date := mid.Format(time.RFC3339)
	tests := map[string]struct {
		path string
		want []string
	}{
		"branches":     {codeOf(r) + "/refs/branches", all},
		"longest page": {codeOf(r) + "/refs/branches?pagelen=100", all},
		"contains":     {codeOf(r) + "/refs/branches" + queryString("q", `name ~ "FEATURE/"`), names(func(b *organization.Branch) bool { return strings.Contains(b.Name, "feature/") })},
		"since":        {codeOf(r) + "/refs/branches" + queryString("q", "target.date >= "+date), names(func(b *organization.Branch) bool { return !b.Target.Date.Before(mid) })},
		"head":         {codeOf(r) + "/refs/branches" + queryString("q", `target.hash = "`+o.Head(r).Hash+`"`), names(func(b *organization.Branch) bool { return b.Target == o.Head(r) })},
		"tags":         {codeOf(tagged) + "/refs/tags", wantTags},
		"refs":         {codeOf(r) + "/refs?pagelen=100", append(all, tagNames(o.Tags(r))...)},
	}
	for name, test := range tests {
		values, pages := c.all(test.path)
		if diff := cmp.Diff(test.want, column(values, "name")); diff != "" || len(test.want) == 0 {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if *pages[0].Size != len(test.want) {
			t.Errorf("%s: size %d of %d", name, *pages[0].Size, len(test.want))
		}
	}
	values, _ := c.all(codeOf(tagged) + "/refs/tags?sort=name&pagelen=100")
	sorted := column(values, "name")
	if a, b := slices.Index(sorted, "v9.0.0"), slices.Index(sorted, "v10.0.0"); a < 0 || b < a {
		t.Errorf("v9.0.0 comes as number %d, v10.0.0 as %d", a, b)
	}
	values, _ = c.all(codeOf(r) + "/refs/branches?sort=-target.date&pagelen=100")
	if dates := column(values, "target.date"); len(dates) != len(all) || !slices.IsSortedFunc(dates, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("not the newest first: %q", dates)
	}
	for _, r := range o.RepositoriesOf(o.Workspaces[0])[:40] {
		for _, b := range o.Branches(r) {
			a := c.get(codeOf(r) + "/refs/branches/" + url.PathEscape(b.Name))
			if hash, _ := valueAt(a.object(), "target.hash"); a.status != http.StatusOK || a.object()["name"] != b.Name || hash != b.Target.Hash {
				t.Errorf("%s: %d %s", b.Name, a.status, a.body)
			}
		}
		for _, tag := range o.Tags(r) {
			if a := c.get(codeOf(r) + "/refs/tags/" + url.PathEscape(tag.Name)); a.object()["name"] != tag.Name {
				t.Errorf("%s: %d %s", tag.Name, a.status, a.body)
			}
		}
	}
}

func tagNames(tags []*organization.Tag) []string {
	var names []string
	for _, tag := range tags {
		names = append(names, tag.Name)
	}
	return names
}

// everyCommit calls f with every commit of some repositories and its path in the API.
func everyCommit(o *organization.Organization, f func(*organization.Repository, *organization.Commit, string)) {
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		if len(o.Commits(r)) < 30 {
			for _, c := range o.Commits(r) {
				f(r, c, codeOf(r)+"/commit/"+c.Hash)
			}
		}
	}
}

// TestCommitNotes compares the statuses, comments, reports and approvals of commits with the organization, in lists
// and one by one.
func TestCommitNotes(t *testing.T) {
	t.Parallel()
	takesLong(t)
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	var statuses, comments, reports, annotations, approvals int
	everyCommit(o, func(r *organization.Repository, commit *organization.Commit, place string) {
		if statuses > 60 && comments > 20 && reports > 20 && annotations > 130 && approvals > 5 {
			return
		}
		compare := func(path, field string, want []string) {
			t.Helper()
			values, _ := c.all(place + path)
			if diff := cmp.Diff(want, column(values, field)); diff != "" {
				t.Errorf("%s%s (-want +got):\n%s", place, path, diff)
			}
		}
		alone := func(path, field string, want any) {
			t.Helper()
			if a := c.get(place + path); a.status != http.StatusOK || fmt.Sprint(a.object()[field]) != fmt.Sprint(want) {
				t.Errorf("%s%s: %d %s", place, path, a.status, a.body)
			}
		}
		want := []string{}
		for _, status := range o.Statuses(r, commit) {
			statuses++
			want = append(want, status.Key)
			alone("/statuses/build/"+url.PathEscape(status.Key), "state", status.State)
		}
		compare("/statuses", "key", want)
		compare("/statuses?sort=created_on", "key", want)
		want = []string{}
		for _, comment := range o.CommitComments(r, commit) {
			comments++
			want = append(want, comment.Text)
			alone(fmt.Sprintf("/comments/%d", comment.ID), "created_on", stampText(comment.CreatedOn))
		}
		compare("/comments", "content.raw", want)
		want = []string{}
		for _, report := range o.Reports(r, commit) {
			reports++
			want = append(want, report.UUID)
			for _, id := range []string{report.UUID, report.ExternalID} {
				alone("/reports/"+url.PathEscape(id), "title", report.Title)
				found := []string{}
				for _, a := range report.Annotations {
					annotations++
					found = append(found, a.UUID)
				}
				compare("/reports/"+url.PathEscape(id)+"/annotations?pagelen=100", "uuid", found)
			}
			for _, a := range report.Annotations[:min(2, len(report.Annotations))] {
				alone("/reports/"+url.PathEscape(report.UUID)+"/annotations/"+url.PathEscape(a.UUID), "external_id", a.ExternalID)
				alone("/reports/"+report.ExternalID+"/annotations/"+a.ExternalID, "uuid", a.UUID)
			}
		}
		compare("/reports", "uuid", want)
		if a := c.get(place); len(a.object()["participants"].([]any)) != len(o.Approvals(r, commit)) {
			t.Errorf("%s: %s", place, a.body)
		}
		approvals += len(o.Approvals(r, commit))
	})
	if statuses == 0 || comments == 0 || reports == 0 || annotations == 0 || approvals == 0 {
		t.Error("the organization lacks a case that this test needs")
	}
}

func stampText(at time.Time) string { return at.Format(timestampOf(at).layout) }

func TestStatusFilters(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	tested := false
	everyCommit(o, func(r *organization.Repository, commit *organization.Commit, place string) {
		all := o.Statuses(r, commit)
		if len(all) < 3 || tested {
			return
		}
		tested = true
		for path, want := range map[string][]string{
			"?refname=" + url.QueryEscape(r.MainBranch): {all[0].Key, all[1].Key, all[2].Key},
			"?refname=other":                             {all[1].Key, all[2].Key},
			queryString("q", `key = "quality/gate"`):     {all[2].Key},
			queryString("q", `refname = null`):           {all[1].Key, all[2].Key},
			"?sort=-created_on":                          {all[2].Key, all[1].Key, all[0].Key},
			queryString("q", `state = "none of these"`):  {},
			queryString("q", `created_on > 2001-01-01`):  {all[0].Key, all[1].Key, all[2].Key},
			queryString("q", `description ~ "ISSUES"`):   {all[2].Key},
			queryString("q", `name ~ "#" OR url ~ "#!"`): {all[0].Key, all[1].Key},
		} {
			values, _ := c.all(place + "/statuses" + path)
			if diff := cmp.Diff(want, column(values, "key")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
	})
	if !tested {
		t.Error("no commit has three statuses")
	}
}

func TestDiffstat(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	r := aRepositoryWith(t, o, func(r *organization.Repository) bool {
		return slices.ContainsFunc(o.Commits(r), func(c *organization.Commit) bool {
			return len(c.Parents) == 2 && len(organization.Diff(c.Parents[0], c.Parents[1], true)) != len(organization.Diff(organization.MergeBase(c.Parents[0], c.Parents[1]), c.Parents[1], true))
		})
	})
	merge := o.Commits(r)[slices.IndexFunc(o.Commits(r), func(c *organization.Commit) bool { return len(c.Parents) == 2 })]
	ours, side := merge.Parents[0], merge.Parents[1]
	base := organization.MergeBase(ours, side)
	first := o.Commits(r)[len(o.Commits(r))-1]
	pair := side.Hash + ".." + ours.Hash
	tests := map[string]struct {
		path string
		want []organization.Change
	}{
		"merge":           {merge.Hash, organization.Diff(ours, merge, true)},
		"short hash":      {merge.Hash[:12], organization.Diff(ours, merge, true)},
		"branch":          {url.PathEscape(r.MainBranch), o.Head(r).Changes()},
		"the first":       {first.Hash, organization.Diff(nil, first, true)},
		"three dots":      {pair, organization.Diff(base, side, true)},
		"topic":           {pair + "?topic=true", organization.Diff(base, side, true)},
		"two dots":        {pair + "?topic=false", organization.Diff(ours, side, true)},
		"merge is false":  {pair + "?merge=false", organization.Diff(ours, side, true)},
		"no renames":      {first.Hash + ".." + o.Head(r).Hash + "?topic=false&renames=false", organization.Diff(o.Head(r), first, false)},
		"with its source": {r.FullName() + ":" + side.Hash[:12] + "%0D" + ours.Hash[:12] + "?topic=true", organization.Diff(base, side, true)},
		"long pages":      {first.Hash + "?pagelen=5000", organization.Diff(nil, first, true)},
		"short pages":     {first.Hash + "?pagelen=1", organization.Diff(nil, first, true)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, pages := connected(t, s).all(codeOf(r) + "/diffstat/" + test.path)
			var got []organization.Change
			for _, v := range values {
				change := organization.Change{Status: v["status"].(string), Added: int(v["lines_added"].(float64)), Removed: int(v["lines_removed"].(float64))}
				if old, ok := valueAt(v, "old.path"); ok {
					change.Old = old.(string)
				}
				if changed, ok := valueAt(v, "new.path"); ok {
					change.New = changed.(string)
				}
				got = append(got, change)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || len(test.want) == 0 {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if *pages[0].Size != len(test.want) {
				t.Errorf("size %d of %d", *pages[0].Size, len(test.want))
			}
		})
	}
	some := organization.Diff(nil, first, true)[1].New
	values, _ := c.all(codeOf(r) + "/diffstat/" + first.Hash + queryString("path", some))
	if diff := cmp.Diff([]string{some}, column(values, "new.path")); diff != "" {
		t.Errorf("of one path (-want +got):\n%s", diff)
	}
	if a := c.get(codeOf(r) + "/diffstat/" + first.Hash); *pagelenOf(a) != 500 {
		t.Errorf("pagelen %d", *pagelenOf(a))
	}
	if a := c.get(codeOf(r) + "/merge-base/" + pair); a.object()["hash"] != base.Hash {
		t.Errorf("merge base: %d %s", a.status, a.body)
	}
}

func pagelenOf(a clientResponse) *int {
	var p listPage
	a.decode(&p)
	return p.Pagelen
}

func TestFileHistory(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	var moved organization.Change
	r := aRepositoryWith(t, o, func(r *organization.Repository) bool {
		for _, commit := range organization.Log([]*organization.Commit{o.Head(r)}, nil) {
			for _, change := range commit.Changes() {
				if change.Status == "renamed" && o.Head(r).Files[change.New] != nil && commit.Files[change.New].Origin == o.Head(r).Files[change.New].Origin {
					moved = change
					return true
				}
			}
		}
		return false
	})
	place := codeOf(r) + "/filehistory/" + url.PathEscape(r.MainBranch) + "/" + escapePath(moved.New)
	followed, pages := c.all(place)
	paths := column(followed, "path")
	if !slices.Contains(paths, moved.New) || !slices.Contains(paths, moved.Old) || paths[0] != moved.New {
		t.Errorf("the history of %s, once %s: %q", moved.New, moved.Old, paths)
	}
	if pages[0].Size != nil {
		t.Error("a history has a size")
	}
	var want []string
	for _, commit := range organization.Log([]*organization.Commit{o.Head(r)}, nil) {
		if commit.Touches(moved.New) {
			want = append(want, commit.Hash)
		}
	}
	values, _ := c.all(place + "?renames=false")
	if diff := cmp.Diff(want, column(values, "commit.hash")); diff != "" {
		t.Errorf("without renames (-want +got):\n%s", diff)
	}
	last := o.Commit(r, want[len(want)-1]).Date.Format(time.RFC3339)
	values, _ = c.all(place + queryString("renames", "false", "q", "commit.date <= "+last, "fields", "values.path,values.commit.date"))
	if len(values) == 0 || len(values) == len(want) && len(want) > 1 {
		t.Errorf("up to %s: %d of %d", last, len(values), len(want))
	}
}

func TestBranchingModels(t *testing.T) {
	t.Parallel()
	takesLong(t)
	s := Start(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	var own, inherited, missing, disabled, named int
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		m := o.EffectiveBranchingModel(r)
		a := c.get(codeOf(r) + "/effective-branching-model").object()
		if r.OverridesBranchingModel {
			own++
			if m != o.RepositoryBranchingModel(r) {
				t.Errorf("%s: its own model does not count", r.FullName())
			}
		} else {
			inherited++
		}
		override, _ := valueAt(c.get(codeOf(r)).object(), "override_settings.branching_model")
		if override != r.OverridesBranchingModel {
			t.Errorf("%s: override_settings say %v", r.FullName(), override)
		}
		if production, ok := a["production"]; ok != m.Production.Enabled {
			t.Errorf("%s: production is %v", r.FullName(), production)
		} else if !ok {
			disabled++
		}
		name, _ := valueAt(a, "development.name")
		head, exists := valueAt(a, "development.branch.target.hash")
		switch b := o.Branch(r, m.Development.Name); {
		case m.Development.Name == "" && r.MainBranch == "":
			if name != nil || exists {
				t.Errorf("%s is empty: %v", r.FullName(), a)
			}
		case m.Development.Name == "":
			if name != r.MainBranch || head != o.Head(r).Hash {
				t.Errorf("%s: %v", r.FullName(), a)
			}
		case b == nil:
			if missing++; name != m.Development.Name || exists {
				t.Errorf("%s: %v", r.FullName(), a)
			}
		default:
			if named++; head != b.Target.Hash {
				t.Errorf("%s: %v", r.FullName(), a)
			}
		}
		settings := c.get(codeOf(r) + "/branching-model/settings").object()
		if settings["default_branch_deletion"] != fmt.Sprint(o.RepositoryBranchingModel(r).DeleteBranches) {
			t.Errorf("%s: %v", r.FullName(), settings)
		}
		if types, _ := a["branch_types"].([]any); len(types) != enabled(m) || len(settings["branch_types"].([]any)) != 4 {
			t.Errorf("%s: %v, %v", r.FullName(), types, settings)
		}
	}
	if own == 0 || inherited == 0 || missing == 0 || disabled == 0 || named == 0 {
		t.Errorf("the organization lacks a case: %d %d %d %d %d", own, inherited, missing, disabled, named)
	}
	for _, p := range o.ProjectsOf(o.Workspaces[0]) {
		place := "/2.0/workspaces/harbor-labs/projects/" + p.Key + "/branching-model"
		m := o.ProjectBranchingModel(p)
		a, settings := c.get(place).object(), c.get(place+"/settings").object()
		if got, _ := valueAt(a, "development.use_mainbranch"); got != (m.Development.Name == "") || len(a["branch_types"].([]any)) != enabled(m) {
			t.Errorf("%s: %v", p.Key, a)
		}
		if got, _ := valueAt(settings, "production.enabled"); got != m.Production.Enabled {
			t.Errorf("%s: %v", p.Key, settings)
		}
	}
	r := o.RepositoriesOf(o.Workspaces[0])[0]
	s.ChangeBranchingModel(r.FullName(), func(m *organization.BranchingModel) { m.Development.Name = "none-such" })
	if name, _ := valueAt(c.get(codeOf(r)+"/effective-branching-model").object(), "development.name"); name != "none-such" {
		t.Errorf("after the change: %v", name)
	}
}

func enabled(m *organization.BranchingModel) int {
	n := 0
	for _, t := range m.Types {
		if t.Enabled {
			n++
		}
	}
	return n
}

// TestCodeAccess requests code with different rights.
func TestCodeAccess(t *testing.T) {
	t.Parallel()
	s := startUnchanged(t, Options{})
	o := s.Organization()
	r := aRepositoryWith(t, o, func(r *organization.Repository) bool { return r.IsPrivate && r.MainBranch != "" })
	readable := o.RepositoriesOf(o.Workspaces[1])[slices.IndexFunc(o.RepositoriesOf(o.Workspaces[1]), func(r *organization.Repository) bool {
		return o.EffectivePermission(r, o.Connected) == "read" && r.MainBranch != ""
	})]
	public := o.RepositoriesOf(o.Workspaces[2])[0]
	project := "/2.0/workspaces/QuarryTools/projects/" + readable.Project.Key + "/branching-model"
	hash := o.Head(r).Hash
	user := func(scopes ...string) caller { return connected(t, s, scopes...) }
	anybody := caller{t, s, "", newClient(t)}
	stranger := bearer(t, s, s.AccessToken(o.MembersOf(o.Workspaces[2])[0].User.UUID))
	tests := map[string]struct {
		caller caller
		path   string
		want   int
	}{
		"repository":                  {user("repository"), codeOf(r) + "/commits", 200},
		"other scope":                 {user("account"), codeOf(r) + "/commits", 403},
		"admin scope implies nothing": {user("repository:admin"), codeOf(r) + "/refs", 403},
		"a commit":                    {user("pullrequest"), codeOf(r) + "/commit/" + hash, 200},
		"anybody":                     {anybody, codeOf(r) + "/commits", 404},
		"anybody on public":           {anybody, codeOf(public) + "/commits", 200},
		"anybody on public refs":      {anybody, codeOf(public) + "/refs/branches", 200},
		"stranger":                    {stranger, codeOf(r) + "/refs/tags", 404},
		"settings":                    {user("repository:admin"), codeOf(r) + "/branching-model/settings", 200},
		"settings without scope":      {user("repository"), codeOf(r) + "/branching-model/settings", 403},
		"settings without role":       {user(), codeOf(readable) + "/branching-model/settings", 403},
		"model with little role":      {user(), codeOf(readable) + "/branching-model", 200},
		"project":                     {user("project:admin"), project, 200},
		"project without scope":       {user("project"), project, 403},
		"project's settings":          {user(), project + "/settings", 403},
	}
	for name, test := range tests {
		if a := test.caller.get(test.path); a.status != test.want {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, test.want)
		}
	}
}

func TestCodeErrors(t *testing.T) {
	t.Parallel()
	s := serve(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	r := aRepositoryWith(t, o, func(r *organization.Repository) bool { return len(o.Branches(r)) > 2 })
	hash := o.Head(r).Hash
	other := aRepositoryWith(t, o, func(x *organization.Repository) bool { return x != r && x.Parent == nil && o.Head(x) != nil })
	tests := map[string]struct {
		path        string
		wantStatus  int
		wantMessage string
	}{
		"branch":             {"/refs/branches/none", 404, "No such branch: none"},
		"tag":                {"/refs/tags/none", 404, "No such tag: none"},
		"commit":             {"/commit/" + strings.Repeat("0", 40), 404, "Commit not found"},
		"elsewhere":          {"/commit/" + o.Head(other).Hash, 404, "Commit not found"},
		"too short":          {"/commit/" + hash[:6], 404, "Commit not found"},
		"branch as a commit": {"/commit/" + url.PathEscape(r.MainBranch), 404, "Commit not found"},
		"revision":           {"/commits/none", 404, "Commit not found"},
		"include":            {"/commits?include=none", 404, "Commit not found"},
		"exclude":            {"/commits?exclude=none", 404, "Commit not found"},
		"status":             {"/commit/" + hash + "/statuses/build/none", 404, "No build status with key none"},
		"comment":            {"/commit/" + hash + "/comments/1", 404, "Comment not found"},
		"report":             {"/commit/" + hash + "/reports/none/annotations", 404, "The report with the given ID was not found."},
		"both parameters":    {"/diffstat/" + hash + "?merge=true&topic=true", 400, "The 'merge' and 'topic' parameters cannot be both used at the same time."},
		"one commit":         {"/merge-base/" + hash, 400, "Expected two commits with .. between"},
		"half a pair":        {"/diffstat/" + hash + "..none", 404, "Commit not found"},
		"field of branches":  {"/refs/branches?q=links.self.href%20%3D%201", 400, "links.self.href: field does not support filtering"},
		"order of branches":  {"/refs/branches?sort=merge_strategies", 400, "Invalid field name: merge_strategies"},
		"too long a page":    {"/commits?pagelen=101", 400, "Invalid pagelen"},
		"made up page":       {"/commits?page=2", 400, "Invalid page"},
		"diffstat's longest": {"/diffstat/" + hash + "?pagelen=5001", 400, "Invalid pagelen"},
	}
	for name, test := range tests {
		if a := c.get(codeOf(r) + test.path); a.status != test.wantStatus || a.message() != test.wantMessage {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.body, test.wantStatus, test.wantMessage)
		}
	}
	if a := c.get("/2.0/repositories/harbor-labs/none/commits/main"); a.status != 404 || !strings.HasPrefix(a.body, "<!DOCTYPE html>") {
		t.Errorf("a history in no repository: %d %s", a.status, a.body)
	}
	if a := c.get(codeOf(r) + "/commit/" + strings.Repeat("0", 40)); !strings.Contains(a.body, `"shas":["`+strings.Repeat("0", 40)+`"]`) {
		t.Errorf("no hash in %s", a.body)
	}
	s = startUnchanged(t, Options{})
	c = connected(t, s)
	empty := aRepositoryWith(t, s.Organization(), func(r *organization.Repository) bool { return r.MainBranch == "" })
	for _, place := range []string{"/commits", "/refs", "/refs/branches", "/refs/tags"} {
		if values, _ := c.all(codeOf(empty) + place); len(values) > 0 {
			t.Errorf("%s of an empty repository has %d values", place, len(values))
		}
	}
}

// TestCodeShapes looks for details of real answers that are difficult for clients.
func TestCodeShapes(t *testing.T) {
	t.Parallel()
	takesLong(t)
	s := startUnchanged(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	var commits, branches, tags, statuses, comments, reports, annotations, changes []map[string]any
	for _, r := range o.RepositoriesOf(o.Workspaces[0]) {
		list := func(path string) []map[string]any {
			values, _ := c.all(codeOf(r) + path + withoutLinks)
			return values
		}
		commits = append(commits, list("/commits?pagelen=100&")...)
		branches = append(branches, list("/refs/branches?pagelen=100&")...)
		tags = append(tags, list("/refs/tags?pagelen=100&")...)
		for _, commit := range o.Commits(r)[:min(3, len(o.Commits(r)))] {
			place := "/commit/" + commit.Hash
			statuses = append(statuses, list(place+"/statuses?")...)
			comments = append(comments, list(place+"/comments?")...)
			changes = append(changes, list("/diffstat/"+commit.Hash+"?")...)
			for _, report := range o.Reports(r, commit) {
				annotations = append(annotations, list(place+"/reports/"+url.PathEscape(report.UUID)+"/annotations?pagelen=100&")...)
			}
			reports = append(reports, list(place+"/reports?")...)
		}
	}
	has := func(path string) func(map[string]any) bool {
		return func(o map[string]any) bool { _, ok := valueAt(o, path); return ok }
	}
	lacks := func(path string) func(map[string]any) bool {
		return func(o map[string]any) bool { return !has(path)(o) }
	}
	is := func(path string, want any) func(map[string]any) bool {
		return func(o map[string]any) bool { got, ok := valueAt(o, path); return ok && got == want }
	}
	like := func(path, part string) func(map[string]any) bool {
		return func(o map[string]any) bool {
			got, _ := valueAt(o, path)
			text, _ := got.(string)
			return strings.Contains(text, part)
		}
	}
	before := func(path string, years int) func(map[string]any) bool {
		return func(o map[string]any) bool {
			got, _ := valueAt(o, path)
			text, _ := got.(string)
			return text != "" && text < start.AddDate(-years, 0, 0).Format(time.RFC3339)
		}
	}
	tests := map[string]struct {
		among []map[string]any
		holds func(map[string]any) bool
	}{
		"author without user":      {commits, lacks("author.user")},
		"author with user":         {commits, has("author.user.uuid")},
		"author is an app":         {commits, is("author.user.type", "app_user")},
		"no e-mail":                {commits, func(o map[string]any) bool { return !like("author.raw", "<")(o) }},
		"other committer":          {commits, func(o map[string]any) bool { a, _ := valueAt(o, "author.raw"); return !is("committer.raw", a)(o) }},
		"merge":                    {commits, func(o map[string]any) bool { return len(o["parents"].([]any)) == 2 }},
		"first":                    {commits, func(o map[string]any) bool { return len(o["parents"].([]any)) == 0 }},
		"html in a message":        {commits, like("message", "<b>")},
		"escaped in the summary":   {commits, like("summary.html", "&lt;b&gt;")},
		"no participants in lists": {commits, lacks("participants")},
		"old commit":               {commits, before("date", 2)},
		"slash in a branch":        {branches, like("name", "/")},
		"quote in a branch":        {branches, like("name", `"`)},
		"percent in a branch":      {branches, like("name", "%")},
		"plus in a branch":         {branches, like("name", "+")},
		"stale branch":             {branches, before("target.date", 1)},
		"squashed":                 {branches, is("default_merge_strategy", "squash")},
		"lightweight tag": {tags, func(o map[string]any) bool {
			return is("date", nil)(o) && is("message", nil)(o) && is("tagger", nil)(o)
		}},
		"annotated tag":                {tags, like("message", "\n")},
		"tagger without user":          {tags, func(o map[string]any) bool { return o["tagger"] != nil && lacks("tagger.user")(o) }},
		"failed":                       {statuses, is("state", "FAILED")},
		"stopped":                      {statuses, is("state", "STOPPED")},
		"in progress":                  {statuses, is("state", "INPROGRESS")},
		"successful":                   {statuses, is("state", "SUCCESSFUL")},
		"null refname":                 {statuses, is("refname", nil)},
		"empty description":            {statuses, is("description", "")},
		"hash in an address":           {statuses, like("url", "#!/")},
		"key with a slash":             {statuses, like("key", "/")},
		"comment on a line":            {comments, func(o map[string]any) bool { n, _ := valueAt(o, "inline.to"); return n != nil }},
		"comment on an old line":       {comments, func(o map[string]any) bool { n, _ := valueAt(o, "inline.from"); return n != nil }},
		"comment on a file":            {comments, func(o map[string]any) bool { return is("inline.to", nil)(o) && is("inline.from", nil)(o) }},
		"comment on the commit":        {comments, lacks("inline")},
		"reply":                        {comments, has("parent.id")},
		"deleted":                      {comments, is("deleted", true)},
		"comment of a deleted account": {comments, is("user", nil)},
		"passed":                       {reports, is("result", "PASSED")},
		"failed report":                {reports, is("result", "FAILED")},
		"pending":                      {reports, is("result", "PENDING")},
		"security":                     {reports, is("report_type", "SECURITY")},
		"coverage":                     {reports, is("report_type", "COVERAGE")},
		"no link":                      {reports, lacks("link")},
		"no data":                      {reports, func(o map[string]any) bool { return len(o["data"].([]any)) == 0 }},
		"time with Z":                  {reports, func(o map[string]any) bool { return strings.HasSuffix(o["created_on"].(string), "Z") }},
		"critical":                     {annotations, is("severity", "CRITICAL")},
		"annotation without a path":    {annotations, lacks("path")},
		"annotation without a line":    {annotations, lacks("line")},
		"annotation without a result":  {annotations, lacks("result")},
		"ignored":                      {annotations, is("result", "IGNORED")},
		"added":                        {changes, is("old", nil)},
		"removed":                      {changes, is("new", nil)},
		"renamed":                      {changes, is("status", "renamed")},
		"modified":                     {changes, is("status", "modified")},
	}
	for name, test := range tests {
		if !slices.ContainsFunc(test.among, test.holds) {
			t.Errorf("%s: none of %d", name, len(test.among))
		}
	}
}

func TestPushes(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{})
	o := s.Organization()
	c := connected(t, s)
	r := aRepositoryWith(t, o, func(r *organization.Repository) bool { return len(o.Branches(r)) > 1 })
	before := o.Commits(r)
	old := s.now().AddDate(-20, 0, 0).Truncate(time.Second)
	pushed := s.Push(r.FullName(), r.MainBranch, organization.Commit{Message: "One\n", Date: old}, organization.Commit{Message: "Two\n"})
	side := s.Push(r.FullName(), "aside", organization.Commit{})
	if o.Head(r) != pushed[1] || pushed[1].Parents[0] != pushed[0] || side[0].Parents[0] != pushed[1] || len(o.Commits(r)) != len(before)+3 {
		t.Errorf("pushed %v %v onto %d commits", pushed, side, len(before))
	}
	values, _ := c.all(codeOf(r) + "/commits?pagelen=100")
	if diff := cmp.Diff(hashes(o.Commits(r)), column(values, "hash")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	i := slices.Index(o.Commits(r), pushed[0])
	if values[i]["date"] != old.Format(layoutSecond) || !o.Commits(r)[i+1].Date.After(old) {
		t.Errorf("the old date does not come before newer ones: %v", column(values, "date"))
	}
	s.DeleteBranch(r.FullName(), "aside")
	if o.Branch(r, "aside") != nil || len(o.Commits(r)) != len(before)+2 {
		t.Error("the branch was not deleted")
	}
	if a := c.get(codeOf(r) + "/commit/" + side[0].Hash); a.status != http.StatusOK {
		t.Errorf("the former head of the branch: %d %s", a.status, a.body)
	}
}
