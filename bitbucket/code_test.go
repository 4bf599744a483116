package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// forCode checks against organizations with histories of all kinds.
func forCode(t *testing.T, check func(*testing.T, *fakebitbucket.Server, *host, accessTruth)) {
	for name, options := range map[string]fakebitbucket.Options{"default": {}, "seed 5": {Seed: 5, Repositories: 90}} {
		t.Run(name, func(t *testing.T) {
			fake := fakebitbucket.Start(t, options)
			o := fake.Organization()
			check(t, fake, connected(t, fake), accessTruth{o, o.Connected})
		})
	}
}

// code calls f for each repository that the user sees.
func (o accessTruth) code(f func(*organization.Repository)) {
	for _, r := range covered(o.Organization, o.user) {
		f(r)
	}
}

// with returns the first repository that the user sees and for which holds is true.
func (o accessTruth) with(t *testing.T, matches func(*organization.Repository) bool) *organization.Repository {
	t.Helper()
	all := covered(o.Organization, o.user)
	i := slices.IndexFunc(all, matches)
	if i < 0 {
		t.Fatal("the organization has no such repository")
	}
	return all[i]
}

// pagesOf returns the number of pages of a list of n items.
func pagesOf(n, length int) int { return max(1, (n+length-1)/length) }

// signature returns the expected columns of an author: raw, UUID, account ID, name and nickname.
func signature(s *organization.Signature) []any {
	switch {
	case s == nil:
		return []any{nil, nil, nil, nil, nil}
	case s.User == nil:
		return []any{s.Raw, nil, nil, nil, nil}
	}
	return []any{s.Raw, s.User.UUID, orNil(s.User.AccountID), s.User.DisplayName, orNil(s.User.Nickname)}
}

func signatureNames(prefix string) []string {
	return []string{prefix + "_raw", prefix + "_uuid", prefix + "_account_id", prefix + "_display_name", prefix + "_nickname"}
}

// pluck returns one member of every object of a list.
func pluck(list any, name string) any {
	all := []any{}
	objects, _ := list.([]any)
	for _, o := range objects {
		all = append(all, o.(map[string]any)[name])
	}
	return all
}

var branchNames = slices.Concat([]string{"repository_full_name", "repository_uuid", "workspace_slug", "name", "title", "mainbranch_name", "default_merge_strategy", "merge_strategies", "sync_strategies", "target_hash", "target_date", "target_message", "type"}, signatureNames("target_author"))

func branchLine(r *organization.Repository, b *organization.Branch) string {
	strategies := jsonArray(r.MergeStrategies())
	return joinFields(append([]any{r.FullName(), r.UUID, r.Workspace.Slug, b.Name, b.Name, r.MainBranch, b.DefaultMergeStrategy, strategies, jsonArray([]string{"merge_commit", "rebase"}), b.Target.Hash, b.Target.Date, b.Target.Message, "branch"}, signature(&b.Target.Author)...)...)
}

func TestBranches(t *testing.T) {
	forCode(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		var want []string
		requests := 0
		o.code(func(r *organization.Repository) {
			for _, b := range o.Branches(r) {
				want = append(want, branchLine(r, b))
			}
			requests += pagesOf(len(o.Branches(r)), 100)
		})
		rows := h.rows(tableQuery{table: "bitbucket_branch"})
		checkLines(t, "branches", want, lines(rows, branchNames...))
		if n := requested(fake)["/repositories/{workspace}/{repo_slug}/refs/branches"]; n != requests {
			t.Errorf("%d requests for the branches, want %d", n, requests)
		}
		for _, r := range rows {
			if target := r["target"].(map[string]any); target["hash"] != r["target_hash"] || !strings.HasPrefix(r["html_url"].(string), "https://bitbucket.org/"+r["repository_full_name"].(string)+"/branch/") || r["links"] == nil || r["self_link"] == nil {
				t.Errorf("%v", r)
			}
		}
	})
}

func TestTags(t *testing.T) {
	forCode(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		names := slices.Concat([]string{"repository_full_name", "name", "tagger_type", "date", "message", "target_hash", "target_date", "target_message", "type"}, signatureNames("tagger"), signatureNames("target_author"))
		var want []string
		requests := 0
		o.code(func(r *organization.Repository) {
			for _, tag := range o.Tags(r) {
				kind := any(nil)
				if tag.Tagger != nil && tag.Tagger.User != nil {
					kind = tag.Tagger.User.Type
				}
				want = append(want, joinFields(slices.Concat([]any{r.FullName(), tag.Name, kind, tag.Date, orNil(tag.Message), tag.Target.Hash, tag.Target.Date, tag.Target.Message, "tag"}, signature(tag.Tagger), signature(&tag.Target.Author))...))
			}
			requests += pagesOf(len(o.Tags(r)), 100)
		})
		checkLines(t, "tags", want, lines(h.rows(tableQuery{table: "bitbucket_tag"}), names...))
		if n := requested(fake)["/repositories/{workspace}/{repo_slug}/refs/tags"]; n != requests {
			t.Errorf("%d requests for the tags, want %d", n, requests)
		}
	})
}

func TestRefConditions(t *testing.T) {
	forCode(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		one := o.with(t, func(r *organization.Repository) bool { return len(o.Branches(r)) > 4 && len(o.Tags(r)) > 4 })
		slash := o.Branches(one)[slices.IndexFunc(o.Branches(one), func(b *organization.Branch) bool { return strings.Contains(b.Name, "/") })]
		cut := slash.Target.Date
		type ref struct {
			r      *organization.Repository
			name   string
			target *organization.Commit
		}
		tests := map[string]struct {
			where []*proto.Qual
			holds func(ref) bool
			q     bool // Bitbucket gets the condition
		}{
			"named":         {[]*proto.Qual{where("name", "=", "production")}, func(x ref) bool { return x.name == "production" }, true},
			"one of":        {[]*proto.Qual{where("name", "=", []string{slash.Name, "v0.1.0"})}, func(x ref) bool { return x.name == slash.Name || x.name == "v0.1.0" }, true},
			"like":          {[]*proto.Qual{where("name", "~~", "%a%/%")}, func(x ref) bool { i := strings.Index(x.name, "a"); return i >= 0 && strings.Contains(x.name[i:], "/") }, true},
			"not":           {[]*proto.Qual{where("name", "<>", "v0.1.0")}, func(x ref) bool { return x.name != "v0.1.0" }, false},
			"since":         {[]*proto.Qual{where("target_date", ">=", cut)}, func(x ref) bool { return !x.target.Date.Before(cut) }, true},
			"before":        {[]*proto.Qual{where("target_date", "<", cut)}, func(x ref) bool { return x.target.Date.Before(cut) }, true},
			"at a commit":   {[]*proto.Qual{where("target_hash", "=", o.Head(one).Hash)}, func(x ref) bool { return x.target.Hash == o.Head(one).Hash }, true},
			"of one":        {[]*proto.Qual{where("repository_full_name", "=", one.FullName())}, func(x ref) bool { return x.r == one }, false},
			"of one, named": {[]*proto.Qual{where("repository_full_name", "=", one.FullName()), where("name", "=", slash.Name)}, func(x ref) bool { return x.r == one && x.name == slash.Name }, true},
			"of one space":  {[]*proto.Qual{where("workspace_slug", "=", "QuarryTools")}, func(x ref) bool { return x.r.Workspace.Slug == "QuarryTools" }, false},
		}
		for name, test := range tests {
			for tableName, refs := range map[string]func(*organization.Repository) []ref{
				"bitbucket_branch": func(r *organization.Repository) (all []ref) {
					for _, b := range o.Branches(r) {
						all = append(all, ref{r, b.Name, b.Target})
					}
					return all
				},
				"bitbucket_tag": func(r *organization.Repository) (all []ref) {
					for _, tag := range o.Tags(r) {
						all = append(all, ref{r, tag.Name, tag.Target})
					}
					return all
				},
			} {
				want := []string{}
				o.code(func(r *organization.Repository) {
					for _, x := range refs(r) {
						if test.holds(x) {
							want = append(want, joinFields(r.FullName(), x.name))
						}
					}
				})
				fake.ResetJournal()
				got := lines(h.rows(tableQuery{table: tableName, columns: "repository_full_name name", where: test.where}), "repository_full_name", "name")
				if diff := cmp.Diff(sorted(want), got); diff != "" {
					t.Errorf("%s, %s (-want +got):\n%s", tableName, name, diff)
				}
				for _, e := range fake.Journal() {
					if strings.Contains(e.Endpoint, "/refs/") && (e.Query.Get("q") != "") != test.q {
						t.Errorf("%s, %s: q is %q", tableName, name, e.Query.Get("q"))
					}
				}
			}
		}
	})
}

// TestRefOrder queries the newest branches of all repositories.
func TestRefOrder(t *testing.T) {
	forCode(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		var dates []time.Time
		repositories := 0
		o.code(func(r *organization.Repository) {
			repositories++
			for _, b := range o.Branches(r) {
				dates = append(dates, b.Target.Date)
			}
		})
		slices.SortFunc(dates, func(a, b time.Time) int { return b.Compare(a) })
		var want, got []string
		for _, at := range dates[:7] {
			want = append(want, joinFields(at))
		}
		for _, r := range h.rows(tableQuery{table: "bitbucket_branch", columns: "target_date", limit: 7, order: &proto.SortColumn{Column: "target_date", Order: proto.SortOrder_Desc}}) {
			got = append(got, joinFields(r["target_date"]))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if n := requested(fake)["/repositories/{workspace}/{repo_slug}/refs/branches"]; n != repositories {
			t.Errorf("%d requests of %d repositories", n, repositories)
		}
	})
}

func commitLine(r *organization.Repository, c *organization.Commit, parameters ...any) string {
	kind := any(nil)
	if c.Author.User != nil {
		kind = c.Author.User.Type
	}
	parents := []any{}
	for _, p := range c.Parents {
		parents = append(parents, p.Hash)
	}
	return joinFields(slices.Concat([]any{r.FullName(), r.Name, r.Workspace.UUID, c.Hash, c.Hash, c.Date, c.Message, parents, kind, "commit"}, signature(&c.Author), signature(&c.Committer), parameters)...)
}

func commitLines(rows []map[string]any, parameters ...string) []string {
	for _, r := range rows {
		r["parents"] = pluck(r["parents"], "hash")
	}
	names := []string{"repository_full_name", "repository_name", "workspace_uuid", "hash", "title", "date", "message", "parents", "author_type", "type"}
	return lines(rows, slices.Concat(names, signatureNames("author"), signatureNames("committer"), parameters)...)
}

func TestCommits(t *testing.T) {
	forCode(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		var want []string
		requests := 0
		o.code(func(r *organization.Repository) {
			for _, c := range o.Commits(r) {
				want = append(want, commitLine(r, c, nil, nil, nil, nil))
			}
			requests += pagesOf(len(o.Commits(r)), 100)
		})
		rows := h.rows(tableQuery{table: "bitbucket_commit"})
		checkLines(t, "commits", want, commitLines(rows, "revision", "excluded_revision", "path", "dates_in_order"))
		if n := requested(fake)["/repositories/{workspace}/{repo_slug}/commits"]; n != requests {
			t.Errorf("%d requests for the commits, want %d", n, requests)
		}
		for _, r := range rows {
			summary := r["summary"].(map[string]any)
			if summary["raw"] != r["message"] || !strings.HasSuffix(r["html_url"].(string), "/commits/"+r["hash"].(string)) || r["self_link"] == nil || !strings.HasSuffix(r["repository_self_link"].(string), "/"+r["repository_full_name"].(string)) || (r["author_self_link"] == nil) != (r["author_uuid"] == nil) {
				t.Errorf("%v", r)
			}
		}
	})
}

func TestCommitConditions(t *testing.T) {
	forCode(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		type commits = []*organization.Commit
		of := func(c ...*organization.Commit) commits { return c }
		sideOf := func(r *organization.Repository) *organization.Branch {
			for _, b := range o.Branches(r) {
				if strings.Contains(b.Name, "/") && len(organization.Log(of(b.Target), of(o.Head(r), o.Tags(r)[1].Target))) > 0 {
					return b
				}
			}
			return nil
		}
		one := o.with(t, func(r *organization.Repository) bool {
			return len(o.Tags(r)) > 2 && len(o.Commits(r)) > 15 && o.Tags(r)[1].Target != o.Head(r) && sideOf(r) != nil
		})
		inRepository := where("repository_full_name", "=", one.FullName())
		tag, head, side := o.Tags(one)[1], o.Head(one), sideOf(one)
		filter := func(all commits, keep func(*organization.Commit) bool) commits {
			return slices.DeleteFunc(slices.Clone(all), func(c *organization.Commit) bool { return !keep(c) })
		}
		everywhere := 0
		o.code(func(*organization.Repository) { everywhere++ })
		var withDevelop []string
		o.code(func(r *organization.Repository) {
			if b := o.Branch(r, "develop"); b != nil {
				for _, c := range organization.Log(of(b.Target), nil) {
					withDevelop = append(withDevelop, joinFields(r.FullName(), c.Hash, "develop", nil, nil))
				}
			}
		})
		var shared []string
		o.code(func(r *organization.Repository) {
			if o.Commit(r, tag.Target.Hash) != nil {
				shared = append(shared, joinFields(r.FullName(), tag.Target.Hash, nil, nil, nil))
			}
		})
		logRows := func(all commits, revision, excluded, path any) []string {
			rows := []string{}
			for _, c := range all {
				rows = append(rows, joinFields(one.FullName(), c.Hash, revision, excluded, path))
			}
			return rows
		}
		since, until := o.Commits(one)[10].Date, o.Commits(one)[3].Date
		tests := map[string]struct {
			where    []*proto.Qual
			want     []string
			sent     string // the parameters of the requests for lists
			lists    int
			requests int // requests for single commits
		}{
			"of one":           {[]*proto.Qual{inRepository}, logRows(o.Commits(one), nil, nil, nil), "", pagesOf(len(o.Commits(one)), 100), 0},
			"revision":         {[]*proto.Qual{inRepository, where("revision", "=", one.MainBranch)}, logRows(organization.Log(of(head), nil), one.MainBranch, nil, nil), "include=" + one.MainBranch, pagesOf(len(organization.Log(of(head), nil)), 100), 0},
			"branches":         {[]*proto.Qual{where("revision", "=", "develop")}, withDevelop, "include=develop", -1, 0},
			"no branch":        {[]*proto.Qual{where("revision", "=", "none-such")}, nil, "include=none-such", everywhere, 0},
			"excluded":         {[]*proto.Qual{inRepository, where("excluded_revision", "=", tag.Name)}, logRows(organization.Log(o.Commits(one), of(tag.Target)), nil, tag.Name, nil), "exclude=" + tag.Name, -1, 0},
			"since a tag":      {[]*proto.Qual{inRepository, where("revision", "=", side.Name), where("excluded_revision", "=", tag.Target.Hash)}, logRows(organization.Log(of(side.Target), of(tag.Target)), side.Name, tag.Target.Hash, nil), "exclude=" + tag.Target.Hash + "&include=" + side.Name, -1, 0},
			"two revisions":    {[]*proto.Qual{inRepository, where("revision", "=", []string{side.Name, tag.Name})}, append(logRows(organization.Log(of(side.Target), nil), side.Name, nil, nil), logRows(organization.Log(of(tag.Target), nil), tag.Name, nil, nil)...), "", -1, 0},
			"path":             {[]*proto.Qual{inRepository, where("path", "=", "src/lib")}, logRows(filter(o.Commits(one), func(c *organization.Commit) bool { return c.Touches("src/lib") }), nil, nil, "src/lib"), "path=src/lib", -1, 0},
			"path of branch":   {[]*proto.Qual{inRepository, where("path", "=", "main.go"), where("revision", "=", side.Name)}, logRows(filter(organization.Log(of(side.Target), nil), func(c *organization.Commit) bool { return c.Touches("main.go") }), side.Name, nil, "main.go"), "include=" + side.Name + "&path=main.go", -1, 0},
			"hash":             {[]*proto.Qual{inRepository, where("hash", "=", tag.Target.Hash)}, logRows(of(tag.Target), nil, nil, nil), "", 0, 1},
			"two hashes":       {[]*proto.Qual{inRepository, where("hash", "=", []string{head.Hash, tag.Target.Hash})}, logRows(commits{head, tag.Target}, nil, nil, nil), "", 0, 2},
			"hash anywhere":    {[]*proto.Qual{where("hash", "=", tag.Target.Hash)}, shared, "", 0, everywhere},
			"part of a hash":   {[]*proto.Qual{inRepository, where("hash", "=", head.Hash[:12])}, nil, "", 0, 1},
			"no hash":          {[]*proto.Qual{inRepository, where("hash", "=", "../etc")}, nil, "", 0, 0},
			"unknown hash":     {[]*proto.Qual{inRepository, where("hash", "=", strings.Repeat("a", 40))}, nil, "", 0, 1},
			"hash of a branch": {[]*proto.Qual{inRepository, where("hash", "=", tag.Target.Hash), where("revision", "=", tag.Name)}, logRows(of(tag.Target), tag.Name, nil, nil), "include=" + tag.Name, -1, 0},
			"hash elsewhere":   {[]*proto.Qual{inRepository, where("hash", "=", head.Hash), where("excluded_revision", "=", one.MainBranch)}, nil, "exclude=" + one.MainBranch, -1, 0},
			"since":            {[]*proto.Qual{inRepository, where("date", ">=", since)}, logRows(filter(o.Commits(one), func(c *organization.Commit) bool { return !c.Date.Before(since) }), nil, nil, nil), "", pagesOf(len(o.Commits(one)), 100), 0},
			"between":          {[]*proto.Qual{inRepository, where("date", ">", since), where("date", "<", until)}, logRows(filter(o.Commits(one), func(c *organization.Commit) bool { return c.Date.After(since) && c.Date.Before(until) }), nil, nil, nil), "", pagesOf(len(o.Commits(one)), 100), 0},
		}
		for name, test := range tests {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_commit", columns: "repository_full_name hash revision excluded_revision path", where: test.where})
			if diff := cmp.Diff(sorted(append([]string{}, test.want...)), lines(rows, "repository_full_name", "hash", "revision", "excluded_revision", "path")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			counts := requested(fake)
			if n := counts["/repositories/{workspace}/{repo_slug}/commits"]; n != test.lists && test.lists >= 0 {
				t.Errorf("%s: %d requests for lists, want %d", name, n, test.lists)
			}
			if n := counts["/repositories/{workspace}/{repo_slug}/commit/{commit}"]; n != test.requests {
				t.Errorf("%s: %d requests for single commits, want %d", name, n, test.requests)
			}
			for _, e := range fake.Journal() {
				sent := url.Values{}
				for _, parameter := range []string{"include", "exclude", "path"} {
					if e.Query.Has(parameter) {
						sent[parameter] = e.Query[parameter]
					}
				}
				if got, _ := url.QueryUnescape(sent.Encode()); strings.HasSuffix(e.Endpoint, "/commits") && test.sent != "" && got != test.sent {
					t.Errorf("%s: Bitbucket got %s, want %s", name, got, test.sent)
				}
			}
		}
		approved := o.Commits(one)[slices.IndexFunc(o.Commits(one), func(c *organization.Commit) bool { return len(o.Approvals(one, c)) > 0 })]
		var users []any
		for _, a := range o.Approvals(one, approved) {
			users = append(users, a.User.UUID)
		}
		participants := h.rows(tableQuery{table: "bitbucket_commit", where: []*proto.Qual{inRepository, where("hash", "=", approved.Hash)}})[0]["participants"]
		if diff := cmp.Diff(any(users), pluck(pluck(participants, "user"), "uuid")); diff != "" {
			t.Errorf("participants (-want +got):\n%s", diff)
		}
		if rows := h.rows(tableQuery{table: "bitbucket_commit", where: []*proto.Qual{inRepository, where("revision", "=", "none-such")}}); len(rows) > 0 {
			t.Errorf("%d rows of a revision that does not exist", len(rows))
		}
		h.wantOmission(Omission{Table: "bitbucket_commit", Workspace: one.Workspace.Slug, Repository: one.FullName(), Reason: ReasonUnknownRevision})
	})
}

// fresh adds a repository to the workspace that the connected user administers, with old commits and nothing newer.
func fresh(fake *fakebitbucket.Server, slug string) *organization.Repository {
	at := time.Now().AddDate(-3, 0, 0)
	return fake.AddRepository(organization.Repository{Workspace: fake.Organization().Workspaces[0], Slug: slug, MainBranch: "main", CreatedOn: at, UpdatedOn: at})
}

// TestCommitsOutOfOrder queries a new commit that is below old ones: a rebase keeps the dates.
func TestCommitsOutOfOrder(t *testing.T) {
	for name, test := range map[string]struct {
		older     int
		wantFound map[bool]bool // by dates_in_order
	}{
		"one above":       {1, map[bool]bool{false: true, true: true}},
		"99 above":        {99, map[bool]bool{false: true, true: true}},
		"a hundred above": {100, map[bool]bool{false: true, true: false}},
		"300 above":       {300, map[bool]bool{false: true, true: false}},
	} {
		t.Run(name, func(t *testing.T) {
			fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 6})
			r := fresh(fake, "rebased")
			now := time.Now()
			fake.Push(r.FullName(), "main", organization.Commit{Date: now.Add(-time.Hour), Message: "the new one"})
			old := make([]organization.Commit, test.older)
			for i := range old {
				old[i].Date = now.AddDate(-2, 0, 0).Add(time.Duration(i) * time.Minute)
			}
			fake.Push(r.FullName(), "main", old...)
			fake.Push(r.FullName(), "main", organization.Commit{Date: now.Add(-time.Minute), Message: "the newest"})
			if all := fake.Organization().Commits(r); all[0].Message != "the newest" || all[test.older+1].Message != "the new one" {
				t.Fatal("the history is not as the test needs it")
			}
			h := connected(t, fake)
			for _, inOrder := range []bool{false, true} { // true is the default of dates_in_order
				quals := []*proto.Qual{where("repository_full_name", "=", r.FullName()), where("date", ">", now.Add(-2*time.Hour))}
				want := []string{"the new one", "the newest"}
				if !inOrder {
					quals = append(quals, where("dates_in_order", "=", false))
				}
				if !test.wantFound[inOrder] {
					want = []string{"the newest"}
				}
				rows := h.rows(tableQuery{table: "bitbucket_commit", columns: "message dates_in_order", where: quals})
				if diff := cmp.Diff(want, sorted(columnValues(rows, "message"))); diff != "" {
					t.Errorf("dates_in_order %t (-want +got):\n%s", inOrder, diff)
				}
				for _, got := range rows {
					if (got["dates_in_order"] == false) == inOrder {
						t.Errorf("dates_in_order = %v", got["dates_in_order"])
					}
				}
			}
		})
	}
}

// TestCommitsInOrder reads the newest commits of long histories.
func TestCommitsInOrder(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 6})
	r := fresh(fake, "long")
	now := time.Now()
	long := make([]organization.Commit, 900)
	for i := range long {
		long[i].Date = now.AddDate(0, 0, i-len(long))
	}
	fake.Push(r.FullName(), "main", long...)
	h := connected(t, fake)
	for name, test := range map[string]struct {
		where                 []*proto.Qual
		limit                 int64
		wantRows, wantFetched int
	}{
		"the last days":    {[]*proto.Qual{where("date", ">", now.AddDate(0, 0, -30))}, 0, 29, 2},
		"in order":         {[]*proto.Qual{where("date", ">", now.AddDate(0, 0, -30)), where("dates_in_order", "=", true)}, 0, 29, 2},
		"in order, not":    {[]*proto.Qual{where("date", ">", now.AddDate(0, 0, -30)), where("dates_in_order", "=", false)}, 0, 29, pagesOf(len(fake.Organization().Commits(r)), 100)},
		"in order, older":  {[]*proto.Qual{where("date", ">", now.AddDate(0, 0, -130)), where("dates_in_order", "=", true)}, 0, 129, 3},
		"without a bound":  {[]*proto.Qual{where("date", "<", now.AddDate(0, 0, -890)), where("dates_in_order", "=", true), where("date", ">", now.AddDate(-2, -11, 0))}, 0, 11, pagesOf(len(fake.Organization().Commits(r)), 100)},
		"limit":            {nil, 5, 5, 1},
		"limit and a date": {[]*proto.Qual{where("date", "<", now.AddDate(0, 0, -250))}, 5, 5, 3},
	} {
		fake.ResetJournal()
		rows := h.rows(tableQuery{table: "bitbucket_commit", columns: "hash date", where: append(test.where, where("repository_full_name", "=", r.FullName())), limit: test.limit})
		if len(rows) != test.wantRows {
			t.Errorf("%s: %d rows, want %d", name, len(rows), test.wantRows)
		}
		if n := requested(fake)["/repositories/{workspace}/{repo_slug}/commits"]; n != test.wantFetched {
			t.Errorf("%s: %d requests, want %d", name, n, test.wantFetched)
		}
	}
}

// An atCommit is a table of things that belong to commits, with its expected rows for one commit.
type atCommit struct {
	table, list string // list is the end of the endpoint
	columns     []string
	want        func(o accessTruth, r *organization.Repository, c *organization.Commit) []string
}

var atCommits = []atCommit{
	{"bitbucket_commit_status", "/commit/{commit}/statuses", []string{"key", "state", "name", "url", "description", "refname", "created_on", "updated_on", "title", "type"},
		func(o accessTruth, r *organization.Repository, c *organization.Commit) (all []string) {
			for _, s := range o.Statuses(r, c) {
				refname := any(nil)
				if s.Refname != nil {
					refname = *s.Refname
				}
				all = append(all, joinFields(s.Key, s.State, s.Name, s.URL, orNil(s.Description), refname, s.CreatedOn, s.UpdatedOn, s.Name, "build"))
			}
			return all
		}},
	{"bitbucket_commit_comment", "/commit/{commit}/comments", []string{"id", "content_raw", "user_uuid", "user_account_id", "user_display_name", "deleted", "parent_id", "inline_path", "inline_from", "inline_to", "created_on", "updated_on", "type"},
		func(o accessTruth, r *organization.Repository, c *organization.Commit) (all []string) {
			number := func(n *int) any {
				if n == nil {
					return nil
				}
				return *n
			}
			for _, x := range o.CommitComments(r, c) {
				user, parent := []any{nil, nil, nil}, any(nil)
				if x.User != nil {
					user = []any{x.User.UUID, orNil(x.User.AccountID), x.User.DisplayName}
				}
				if x.Parent != nil {
					parent = x.Parent.ID
				}
				all = append(all, joinFields(slices.Concat([]any{x.ID, orNil(x.Text)}, user, []any{x.Deleted, parent, orNil(x.Path), number(x.From), number(x.To), x.CreatedOn, x.UpdatedOn, "commit_comment"})...))
			}
			return all
		}},
	{"bitbucket_commit_report", "/commit/{commit}/reports", []string{"uuid", "external_id", "title", "details", "reporter", "link", "logo_url", "report_type", "result", "remote_link_enabled", "created_on", "updated_on", "type"},
		func(o accessTruth, r *organization.Repository, c *organization.Commit) (all []string) {
			for _, x := range o.Reports(r, c) {
				all = append(all, joinFields(x.UUID, x.ExternalID, x.Title, orNil(x.Details), x.Reporter, orNil(x.Link), orNil(x.LogoURL), x.Type, x.Result, x.RemoteLinkEnabled, x.CreatedOn, x.UpdatedOn, "report"))
			}
			return all
		}},
	{"bitbucket_commit_report_annotation", "/commit/{commit}/reports/{reportId}/annotations", []string{"report_uuid", "report_external_id", "report_title", "report_type", "report_result", "reporter", "uuid", "external_id", "annotation_type", "path", "line", "summary", "details", "severity", "result", "link", "created_on", "updated_on", "type"},
		func(o accessTruth, r *organization.Repository, c *organization.Commit) (all []string) {
			for _, x := range o.Reports(r, c) {
				for _, a := range x.Annotations {
					number := any(nil)
					if a.Line > 0 {
						number = a.Line
					}
					all = append(all, joinFields(x.UUID, x.ExternalID, x.Title, x.Type, x.Result, x.Reporter, a.UUID, a.ExternalID, a.Type, orNil(a.Path), number, a.Summary, orNil(a.Details), a.Severity, orNil(a.Result), orNil(a.Link), a.CreatedOn, a.UpdatedOn, "report_annotation"))
				}
			}
			return all
		}},
	{"bitbucket_commit_file", "/diffstat/{spec...}", []string{"status", "old_path", "new_path", "path", "lines_added", "lines_removed", "type"},
		func(o accessTruth, _ *organization.Repository, c *organization.Commit) (all []string) {
			for _, x := range c.Changes() {
				path := x.New
				if path == "" {
					path = x.Old
				}
				all = append(all, joinFields(x.Status, orNil(x.Old), orNil(x.New), path, x.Added, x.Removed, "diffstat"))
			}
			return all
		}},
}

func TestAtCommits(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	forCode(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		for i, tab := range atCommits {
			t.Run(tab.table, func(t *testing.T) {
				columns := append([]string{"repository_full_name", "repository_uuid", "workspace_slug", "commit_hash"}, tab.columns...)
				at := func(r *organization.Repository, c *organization.Commit, name string) []string {
					all := tab.want(o, r, c)
					for i, line := range all {
						all[i] = joinFields(r.FullName(), r.UUID, r.Workspace.Slug, name) + " | " + line
					}
					return all
				}
				var want []string
				heads, reports := 0, 0
				var one *organization.Repository // with something at a commit that is not the head
				var two [2]*organization.Commit
				o.code(func(r *organization.Repository) {
					head := o.Head(r)
					if head == nil {
						return
					}
					heads++
					reports += len(o.Reports(r, head))
					want = append(want, at(r, head, head.Hash)...)
					var some []*organization.Commit
					for _, c := range o.Commits(r) {
						if c != head && len(tab.want(o, r, c)) > 0 {
							some = append(some, c)
						}
					}
					if len(some) > 1 && one == nil {
						one, two = r, [2]*organization.Commit(some)
					}
				})
				fake.ResetJournal()
				checkLines(t, "of the heads", want, lines(h.rows(tableQuery{table: tab.table}), columns...))
				counts := requested(fake)
				wantHeads := heads
				if i > 0 {
					wantHeads = 0 // they are cached
				}
				if n := counts["/repositories/{workspace}/{repo_slug}/refs/branches/{name}"]; n != wantHeads {
					t.Errorf("%d requests for heads, want %d", n, wantHeads)
				}
				if n := counts["/repositories/{workspace}/{repo_slug}"+tab.list]; tab.table != "bitbucket_commit_report_annotation" && n != heads || n < min(heads, reports) {
					t.Errorf("%d requests for lists, of %d heads", n, heads)
				}

				inRepository := where("repository_full_name", "=", one.FullName())
				short := two[0].Hash[:12]
				for name, test := range map[string]struct {
					where []*proto.Qual
					want  []string
				}{
					"one":       {[]*proto.Qual{inRepository, where("commit_hash", "=", two[0].Hash)}, at(one, two[0], two[0].Hash)},
					"short":     {[]*proto.Qual{inRepository, where("commit_hash", "=", short)}, at(one, two[0], short)},
					"two":       {[]*proto.Qual{inRepository, where("commit_hash", "=", []string{two[0].Hash, two[1].Hash})}, append(at(one, two[0], two[0].Hash), at(one, two[1], two[1].Hash)...)},
					"unknown":   {[]*proto.Qual{inRepository, where("commit_hash", "=", strings.Repeat("a", 40))}, nil},
					"no hash":   {[]*proto.Qual{inRepository, where("commit_hash", "=", "main")}, nil},
					"no hash 2": {[]*proto.Qual{inRepository, where("commit_hash", "=", "..")}, nil},
				} {
					fake.ResetJournal()
					got := lines(h.rows(tableQuery{table: tab.table, where: test.where}), columns...)
					if diff := cmp.Diff(sorted(append([]string{}, test.want...)), got); diff != "" {
						t.Errorf("%s (-want +got):\n%s", name, diff)
					}
					if n := requested(fake)["/repositories/{workspace}/{repo_slug}/refs/branches/{name}"]; n != 0 {
						t.Errorf("%s: %d requests for heads", name, n)
					}
					if strings.HasPrefix(name, "no hash") && len(fake.Journal()) > 1 {
						t.Errorf("%s: %v", name, requested(fake))
					}
				}
				var anywhere []string
				o.code(func(r *organization.Repository) {
					if c := o.Commit(r, two[1].Hash); c != nil {
						anywhere = append(anywhere, at(r, c, c.Hash)...)
					}
				})
				checkLines(t, "in all repositories", anywhere, lines(h.rows(tableQuery{table: tab.table, where: []*proto.Qual{where("commit_hash", "=", two[1].Hash)}}), columns...))

				if rows := h.rows(tableQuery{table: tab.table, columns: "commit_hash", limit: 3}); len(rows) != min(3, len(want)) {
					t.Errorf("%d rows with limit 3", len(rows))
				}
			})
		}
	})
}

func TestCommitStatusConditions(t *testing.T) {
	forCode(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		var all []*organization.CommitStatus
		o.code(func(r *organization.Repository) {
			if head := o.Head(r); head != nil {
				all = append(all, o.Statuses(r, head)...)
			}
		})
		cut := all[len(all)/2].CreatedOn
		for name, test := range map[string]struct {
			where *proto.Qual
			holds func(*organization.CommitStatus) bool
		}{
			"failed":     {where("state", "=", "FAILED"), func(s *organization.CommitStatus) bool { return s.State == "FAILED" }},
			"not passed": {where("state", "<>", "SUCCESSFUL"), func(s *organization.CommitStatus) bool { return s.State != "SUCCESSFUL" }},
			"key":        {where("key", "=", "quality/gate"), func(s *organization.CommitStatus) bool { return s.Key == "quality/gate" }},
			"name":       {where("name", "~~*", "PIPELINE %"), func(s *organization.CommitStatus) bool { return strings.HasPrefix(s.Name, "Pipeline ") }},
			"refname":    {where("refname", "=", "main"), func(s *organization.CommitStatus) bool { return s.Refname != nil && *s.Refname == "main" }},
			"since":      {where("created_on", ">=", cut), func(s *organization.CommitStatus) bool { return !s.CreatedOn.Before(cut) }},
			"until":      {where("updated_on", "<", cut), func(s *organization.CommitStatus) bool { return s.UpdatedOn.Before(cut) }},
		} {
			var want []string
			for _, s := range all {
				if test.holds(s) {
					want = append(want, joinFields(s.Key, s.State, s.URL))
				}
			}
			fake.ResetJournal()
			checkLines(t, name, want, lines(h.rows(tableQuery{table: "bitbucket_commit_status", columns: "key state url", where: []*proto.Qual{test.where}}), "key", "state", "url"))
			for _, e := range fake.Journal() {
				if isSent := test.where.GetStringValue() != "<>"; strings.HasSuffix(e.Endpoint, "/statuses") && (e.Query.Get("q") != "") != isSent {
					t.Errorf("%s: q is %q", name, e.Query.Get("q"))
				}
			}
		}
	})
}

func TestCommitCommentConditions(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h, o := connected(t, fake), fake.Organization()
	var all []*organization.CommitComment
	(accessTruth{o, o.Connected}).code(func(r *organization.Repository) {
		if head := o.Head(r); head != nil {
			all = append(all, o.CommitComments(r, head)...)
		}
	})
	one := all[len(all)/2]
	for name, test := range map[string]struct {
		where *proto.Qual
		holds func(*organization.CommitComment) bool
	}{
		"deleted":     {where("deleted", "=", true), func(c *organization.CommitComment) bool { return c.Deleted }},
		"not deleted": {where("deleted", "<>", true), func(c *organization.CommitComment) bool { return !c.Deleted }},
		"id":          {where("id", "=", int(one.ID)), func(c *organization.CommitComment) bool { return c.ID == one.ID }},
		"since":       {where("created_on", ">", one.CreatedOn), func(c *organization.CommitComment) bool { return c.CreatedOn.After(one.CreatedOn) }},
		"until":       {where("updated_on", "<=", one.UpdatedOn), func(c *organization.CommitComment) bool { return !c.UpdatedOn.After(one.UpdatedOn) }},
	} {
		var want []string
		for _, c := range all {
			if test.holds(c) {
				want = append(want, joinFields(c.ID, orNil(c.Text)))
			}
		}
		fake.ResetJournal()
		checkLines(t, name, want, lines(h.rows(tableQuery{table: "bitbucket_commit_comment", columns: "id content_raw", where: []*proto.Qual{test.where}}), "id", "content_raw"))
		for _, e := range fake.Journal() {
			if strings.HasSuffix(e.Endpoint, "/comments") && e.Query.Get("q") == "" {
				t.Errorf("%s: the condition did not reach Bitbucket", name)
			}
		}
	}
}

// TestAnnotationConditions queries the annotations of some reports. The plugin does not request those of others.
func TestAnnotationConditions(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	h, o := connected(t, fake), fake.Organization()
	var all []*organization.Report
	(accessTruth{o, o.Connected}).code(func(r *organization.Repository) {
		if head := o.Head(r); head != nil {
			all = append(all, o.Reports(r, head)...)
		}
	})
	one := all[slices.IndexFunc(all, func(r *organization.Report) bool { return len(r.Annotations) > 0 })]
	for name, test := range map[string]struct {
		where *proto.Qual
		holds func(*organization.Report) bool
	}{
		"type":     {where("report_type", "=", "SECURITY"), func(r *organization.Report) bool { return r.Type == "SECURITY" }},
		"result":   {where("report_result", "<>", "PASSED"), func(r *organization.Report) bool { return r.Result != "PASSED" }},
		"title":    {where("report_title", "~~", "Static%"), func(r *organization.Report) bool { return strings.HasPrefix(r.Title, "Static") }},
		"uuid":     {where("report_uuid", "=", one.UUID), func(r *organization.Report) bool { return r == one }},
		"external": {where("report_external_id", "=", one.ExternalID), func(r *organization.Report) bool { return r.ExternalID == one.ExternalID }},
		"reporter": {where("reporter", "=", "linter"), func(r *organization.Report) bool { return r.Reporter == "linter" }},
	} {
		var want []string
		requests := 0
		for _, r := range all {
			if test.holds(r) {
				requests += pagesOf(len(r.Annotations), 100)
				for _, a := range r.Annotations {
					want = append(want, a.UUID)
				}
			}
		}
		fake.ResetJournal()
		checkLines(t, name, want, lines(h.rows(tableQuery{table: "bitbucket_commit_report_annotation", columns: "uuid", where: []*proto.Qual{test.where}}), "uuid"))
		if n := requested(fake)["/repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations"]; n != requests {
			t.Errorf("%s: %d requests for findings, want %d", name, n, requests)
		}
	}
}

func TestBranchingModels(t *testing.T) {
	forCode(t, func(t *testing.T, fake *fakebitbucket.Server, h *host, o accessTruth) {
		prefixes := func(m *organization.BranchingModel) []any {
			of := map[string]any{"bugfix": nil, "feature": nil, "hotfix": nil, "release": nil}
			for _, kind := range m.Types {
				if kind.Enabled {
					of[kind.Kind] = kind.Prefix
				}
			}
			return []any{of["bugfix"], of["feature"], of["hotfix"], of["release"]}
		}
		prefixNames := []string{"bugfix_prefix", "feature_prefix", "hotfix_prefix", "release_prefix"}
		var want []string
		settings, repositories := 0, 0
		o.code(func(r *organization.Repository) {
			repositories++
			m := o.EffectiveBranchingModel(r)
			role := func(b organization.BranchRole) []any {
				if !b.Enabled {
					return []any{nil, nil, nil}
				}
				name, hash := b.Name, any(nil)
				if name == "" {
					name = r.MainBranch
				}
				if branch := o.Branch(r, name); branch != nil {
					hash = branch.Target.Hash
				}
				return []any{orNil(name), b.Name == "", hash}
			}
			deletion := any(nil)
			if r.OverridesBranchingModel && (o.Administers(r.Workspace, o.user) || slices.Contains(o.repositories(), r)) {
				deletion = m.DeleteBranches
				settings++
			}
			want = append(want, joinFields(slices.Concat([]any{r.FullName(), r.Name, r.OverridesBranchingModel, deletion, deletion != nil}, role(m.Development), role(m.Production), prefixes(m))...))
		})
		rows := h.rows(tableQuery{table: "bitbucket_branching_model"})
		for _, r := range rows {
			r["has_settings"] = r["settings"] != nil
			if r["development_hash"] != nil && r["development_branch"].(map[string]any)["name"] != r["development_name"] {
				t.Errorf("%v", r)
			}
		}
		names := []string{"repository_full_name", "title", "overrides_project", "default_branch_deletion", "has_settings", "development_name", "development_use_mainbranch", "development_hash", "production_name", "production_use_mainbranch", "production_hash"}
		checkLines(t, "models", want, lines(rows, append(names, prefixNames...)...))
		counts := requested(fake)
		if n := counts["/repositories/{workspace}/{repo_slug}/branching-model/settings"]; n != settings || settings == 0 {
			t.Errorf("%d requests for settings, want %d", n, settings)
		}
		fake.ResetJournal()
		h.rows(tableQuery{table: "bitbucket_branching_model", columns: strings.NewReplacer("default_branch_deletion", "", " settings", "").Replace(allColumns("bitbucket_branching_model"))})
		if diff := cmp.Diff(map[string]int{"/repositories/{workspace}/{repo_slug}/effective-branching-model": repositories}, requested(fake)); diff != "" {
			t.Errorf("requests without settings (-want +got):\n%s", diff)
		}

		want = nil
		for _, p := range o.projects() {
			m := o.ProjectBranchingModel(p)
			want = append(want, joinFields(slices.Concat([]any{p.Workspace.Slug, p.Key, p.Name, m.DeleteBranches, orNil(m.Development.Name), m.Development.Name == "", m.Production.Enabled, orNil(m.Production.Name), m.Production.Name == ""}, prefixes(m))...))
		}
		fake.ResetJournal()
		rows = h.rows(tableQuery{table: "bitbucket_project_branching_model"})
		names = []string{"workspace_slug", "project_key", "title", "default_branch_deletion", "development_name", "development_use_mainbranch", "production_enabled", "production_name", "production_use_mainbranch"}
		checkLines(t, "models of projects", want, lines(rows, append(names, prefixNames...)...))
		// Only a request shows if the user can read a project of a workspace that the user does not administer.
		if n := requested(fake)["/workspaces/{workspace}/projects/{project_key}/branching-model/settings"]; n < len(want) || n >= len(o.Projects) {
			t.Errorf("%d requests for %d projects", n, len(want))
		}
	})
}

// TestBranchingSettingsByRole names a repository that overrides its project's model, as a user who may only read it.
func TestBranchingSettingsByRole(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	r := (accessTruth{o, o.Connected}).with(t, func(r *organization.Repository) bool {
		return o.EffectivePermission(r, o.Connected) == "read"
	})
	fake.ChangeBranchingModel(r.FullName(), func(m *organization.BranchingModel) { m.DeleteBranches = true })
	q := tableQuery{table: "bitbucket_branching_model", columns: "default_branch_deletion overrides_project", where: []*proto.Qual{where("repository_full_name", "=", r.FullName())}}
	for _, test := range []struct {
		role string
		want any
	}{{"read", nil}, {"admin", true}} { // the last remains
		fake.GrantRepository(r.FullName(), o.Connected.UUID, test.role)
		rows := connected(t, fake).rows(q)
		if len(rows) != 1 || rows[0]["default_branch_deletion"] != test.want || rows[0]["overrides_project"] != true {
			t.Errorf("%s: %v, want %v", test.role, rows, test.want)
		}
	}
	token := fake.AccessToken(o.Connected.UUID, "account", "repository")
	h := newHost(t, map[string]string{"bitbucket": fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), token)})
	if _, err := h.try(context.Background(), q); err == nil || !strings.Contains(err.Error(), "repository:admin") {
		t.Errorf("error = %v, want one that names the missing scope", err)
	}
}

// codeTables are the tables of what belongs to the code of a repository, each with an endpoint that it requests.
var codeTables = map[string]string{
	"bitbucket_branch":                   "/refs/branches",
	"bitbucket_branching_model":          "/effective-branching-model",
	"bitbucket_commit":                   "/commits",
	"bitbucket_commit_comment":           "/commit/{commit}/comments",
	"bitbucket_commit_file":              "/diffstat/{spec...}",
	"bitbucket_commit_report":            "/commit/{commit}/reports",
	"bitbucket_commit_report_annotation": "/commit/{commit}/reports",
	"bitbucket_commit_status":            "/refs/branches/{name}",
	"bitbucket_tag":                      "/refs/tags",
}

// TestCodeVanishes deletes a repository in the middle of a scan.
func TestCodeVanishes(t *testing.T) {
	for tableName, endpoint := range codeTables {
		t.Run(tableName, func(t *testing.T) {
			fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 30})
			o := fake.Organization()
			gone := (accessTruth{o, o.Connected}).with(t, func(r *organization.Repository) bool { return o.Head(r) != nil && len(o.Tags(r)) > 0 })
			h := connected(t, fake)
			before := h.rows(tableQuery{table: tableName, columns: "repository_full_name"})
			var want []string
			for _, r := range before {
				if r["repository_full_name"] != gone.FullName() {
					want = append(want, joinFields(r["repository_full_name"]))
				}
			}
			vanish := func(w http.ResponseWriter, r *http.Request) {
				if fake.Organization().Repository(gone.FullName()) != nil {
					fake.RemoveRepository(gone.FullName())
				}
				fake.Answer(w, r)
			}
			fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultHandler, Path: codePath + endpoint, Count: -1, Handler: vanish, Match: func(r *http.Request) bool {
				return strings.HasPrefix(r.URL.Path, "/2.0/repositories/"+gone.FullName()+"/")
			}})
			checkLines(t, "after", want, lines(connected(t, fake).rows(tableQuery{table: tableName, columns: "repository_full_name"}), "repository_full_name"))
			_, err := connected(t, fake).try(context.Background(), tableQuery{table: tableName, where: []*proto.Qual{where("repository_full_name", "=", gone.FullName())}})
			if err == nil || !strings.Contains(err.Error(), "no longer exists") {
				t.Errorf("error = %v, want one that says that the repository no longer exists", err)
			}
		})
	}
}

// TestEmptyRepository names a repository to which nothing was ever pushed.
func TestEmptyRepository(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 30})
	o := fake.Organization()
	empty := (accessTruth{o, o.Connected}).with(t, func(r *organization.Repository) bool { return r.MainBranch == "" })
	h := connected(t, fake)
	for tableName := range codeTables {
		rows := h.rows(tableQuery{table: tableName, where: []*proto.Qual{where("repository_full_name", "=", empty.FullName())}})
		if want := tableName == "bitbucket_branching_model"; (len(rows) == 1) != want || len(rows) > 1 {
			t.Errorf("%s has %d rows", tableName, len(rows))
		}
	}
}

// TestMainBranchGone queries the newest commit of a main branch that was deleted.
func TestMainBranchGone(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 6})
	r := fresh(fake, "headless")
	fake.Push(r.FullName(), "main", organization.Commit{})
	fake.ChangeRepository(r.FullName(), func(r *organization.Repository) { r.MainBranch = "gone" })
	h := connected(t, fake)
	inRepository := where("repository_full_name", "=", r.FullName())
	for _, tab := range atCommits {
		if rows := h.rows(tableQuery{table: tab.table, where: []*proto.Qual{inRepository}}); len(rows) != 0 {
			t.Errorf("%s has %d rows", tab.table, len(rows))
		}
	}
	if rows := h.rows(tableQuery{table: "bitbucket_commit", where: []*proto.Qual{inRepository}}); len(rows) == 0 {
		t.Error("no commits of the other branches")
	}
}

// TestCodeWithLimit counts the requests of a query for a few rows.
func TestCodeWithLimit(t *testing.T) {
	for tableName, most := range map[string]int{"bitbucket_branch": 3, "bitbucket_commit": 1, "bitbucket_commit_file": 6, "bitbucket_branching_model": 3} {
		fake := fakebitbucket.Start(t, fakebitbucket.Options{})
		rows := connected(t, fake).rows(tableQuery{table: tableName, columns: "repository_full_name", limit: 3})
		n := 0
		for _, e := range fake.Journal() {
			if strings.HasPrefix(e.Endpoint, codePath+"/") {
				n++
			}
		}
		if len(rows) != 3 || n > most {
			t.Errorf("%s: %d rows with %d requests, want 3 with %d at most", tableName, len(rows), n, most)
		}
	}
}

// TestNewCode pushes while the plugin runs.
func TestNewCode(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 6})
	r := fresh(fake, "busy")
	h := connected(t, fake)
	inRepository := where("repository_full_name", "=", r.FullName())
	count := func(tableName string) int {
		return len(h.rows(tableQuery{table: tableName, where: []*proto.Qual{inRepository}}))
	}
	branches, commits := count("bitbucket_branch"), count("bitbucket_commit")
	pushed := fake.Push(r.FullName(), "feature/new", organization.Commit{Message: "New\n"})
	if b, c := count("bitbucket_branch"), count("bitbucket_commit"); b != branches+1 || c != commits+1 {
		t.Errorf("%d branches and %d commits after the push, and %d and %d before", b, c, branches, commits)
	}
	fake.DeleteBranch(r.FullName(), "feature/new")
	if b, c := count("bitbucket_branch"), count("bitbucket_commit"); b != branches || c != commits {
		t.Errorf("%d branches and %d commits, before %d and %d", b, c, branches, commits)
	}
	if rows := h.rows(tableQuery{table: "bitbucket_commit", columns: "message", where: []*proto.Qual{inRepository, where("hash", "=", pushed[0].Hash)}}); len(rows) != 1 || rows[0]["message"] != "New\n" {
		t.Errorf("rows of the commit that is in no branch: %v", rows)
	}
}
