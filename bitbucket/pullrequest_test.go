package bitbucket

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/tidwall/gjson"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// A fakePullRequest is a pull request of the fake, with its repository.
type fakePullRequest struct {
	*organization.PullRequest
	r *organization.Repository
}

func (x fakePullRequest) String() string { return joinFields(x.r.FullName(), x.ID) }

// named returns the conditions for this pull request, with its number in the column.
func (x fakePullRequest) named(col string) []*proto.Qual {
	return []*proto.Qual{where("repository_full_name", "=", x.r.FullName()), where(col, "=", x.ID)}
}

// pullRequestsSeenBy returns the satisfying pull requests, or all, of the repositories that a user sees in the user's own
// workspaces.
func pullRequestsSeenBy(o *organization.Organization, u *organization.User, satisfied func(fakePullRequest) bool) []fakePullRequest {
	var all []fakePullRequest
	for _, r := range covered(o, u) {
		for _, p := range o.PullRequests(r) {
			if x := (fakePullRequest{p, r}); satisfied == nil || satisfied(x) {
				all = append(all, x)
			}
		}
	}
	return all
}

// firstPullRequest returns the first satisfying pull request that the connected user sees.
func firstPullRequest(t *testing.T, fake *fakebitbucket.Server, satisfied func(fakePullRequest) bool) fakePullRequest {
	t.Helper()
	o := fake.Organization()
	all := pullRequestsSeenBy(o, o.Connected, satisfied)
	if len(all) == 0 {
		t.Fatal("the organization has no such pull request")
	}
	return all[0]
}

func pullRequestNames(all []fakePullRequest) []string {
	var names []string
	for _, x := range all {
		names = append(names, x.String())
	}
	return names
}

// userTruth returns the expected columns of a user, who may be missing.
func userTruth(prefix string, u *organization.User) map[string]any {
	if u == nil {
		u = &organization.User{}
	}
	return map[string]any{
		prefix + "_uuid": orNil(u.UUID), prefix + "_account_id": orNil(u.AccountID), prefix + "_display_name": orNil(u.DisplayName),
	}
}

func orNilFlag(b *bool) any {
	if b == nil {
		return nil
	}
	return *b
}

func orNilTime(at *time.Time) any {
	if at == nil {
		return nil
	}
	return at.UTC()
}

func orNilInt(n int) any {
	if n == 0 {
		return nil
	}
	return int64(n)
}

// repositoryTruth returns the expected columns of the repository that something belongs to.
func repositoryTruth(r *organization.Repository) map[string]any {
	return map[string]any{
		"repository_full_name": r.FullName(), "repository_uuid": r.UUID,
		"workspace_slug": r.Workspace.Slug, "workspace_uuid": r.Workspace.UUID,
	}
}

// truth returns the expected columns of bitbucket_pull_request, except JSON documents.
func (x fakePullRequest) truth() map[string]any {
	changesRequested := 0
	for _, who := range x.Participants {
		if who.State == "changes_requested" && !who.NoState {
			changesRequested++
		}
	}
	sourceRepository := x.r
	if x.Fork != nil {
		sourceRepository = x.Fork
	}
	want := merged(repositoryTruth(x.r), userTruth("author", x.Author), userTruth("closed_by", x.ClosedBy), x.endTruth(), map[string]any{
		"id": int64(x.ID), "approval_count": int64(x.Approvals()), "change_request_count": int64(changesRequested), "reviewer_count": int64(len(x.Reviewers)),
		"author_nickname": nil, "author_type": nil, "author_kind": nil, "closed_by_nickname": nil, "closed_by_type": nil, "close_source_branch": x.CloseSourceBranch, "comment_count": int64(x.CommentCount()), "task_count": int64(x.OpenTasks()),
		"created": x.CreatedOn.UTC(), "created_on": x.CreatedOn.UTC(), "updated": x.UpdatedOn.UTC(), "updated_on": x.UpdatedOn.UTC(),
		"description": orNil(x.Description), "destination_branch_name": x.DestinationBranch, "destination_commit_hash": orNil(x.DestinationCommit),
		"draft": orNilFlag(x.Draft), "queued": orNilFlag(x.Queued), "merge_commit_hash": orNil(x.MergeCommit), "reason": orNil(x.Reason),
		"source_branch_name": x.SourceBranch, "source_commit_hash": orNil(x.SourceCommit),
		"source_repository_full_name": sourceRepository.FullName(), "source_repository_uuid": sourceRepository.UUID, "state": x.State, "title": x.Title, "type": "pullrequest",
		"html_url":  fmt.Sprintf("https://bitbucket.org/%s/pull-requests/%d", x.r.FullName(), x.ID),
		"self_link": fmt.Sprintf("https://api.bitbucket.org/2.0/repositories/%s/pullrequests/%d", x.r.FullName(), x.ID),
	})
	if x.Author != nil {
		want["author_nickname"], want["author_type"], want["author_kind"] = orNil(x.Author.Nickname), x.Author.Type, orNil(x.Author.Kind)
	}
	if x.ClosedBy != nil {
		want["closed_by_nickname"], want["closed_by_type"] = orNil(x.ClosedBy.Nickname), x.ClosedBy.Type
	}
	if x.ForkDeleted {
		want["source_repository_full_name"], want["source_repository_uuid"] = nil, nil
	}
	return want
}

// sameLines fails the test unless both have the same lines, or both have none.
func sameLines(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(sorted(slices.Clone(want)), sorted(slices.Clone(got)), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s mismatch (-want +got):\n%s", what, diff)
	}
}

// merged returns one map with the entries of all maps.
func merged(all ...map[string]any) map[string]any {
	m := map[string]any{}
	for _, one := range all {
		for name, value := range one {
			m[name] = value
		}
	}
	return m
}

func TestPullRequest(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	rows := connected(t, fake).rows(tableQuery{table: "bitbucket_pull_request"})
	var want []map[string]any
	all := pullRequestsSeenBy(o, o.Connected, nil)
	for _, x := range all {
		want = append(want, x.truth())
	}
	sameRows(t, want, rows)
	documents := []string{"destination", "merge_commit", "participants", "reviewers", "source", "summary"}
	if n, all := len(want[0])+len(documents), len(tablePullRequest().columns); n != all {
		t.Errorf("%d columns are compared, the table has %d", n, all)
	}
	found := rowsByKey(t, rows, "repository_full_name", "id")
	for _, x := range all {
		r := found[strings.ReplaceAll(x.String(), " | ", " ")]
		if n, _ := r["participants"].([]any); len(n) != len(x.Participants) {
			t.Errorf("%s: participants = %v, want %d", x, r["participants"], len(x.Participants))
		}
		if n, _ := r["reviewers"].([]any); len(n) != len(x.Reviewers) {
			t.Errorf("%s: reviewers = %v, want %d", x, r["reviewers"], len(x.Reviewers))
		}
		if branch := gjson.Get(fmt.Sprintf("%q", r["source"]), "branch"); r["source"] == nil || r["destination"] == nil || branch.Exists() {
			t.Errorf("%s: source %v, destination %v", x, r["source"], r["destination"])
		}
		if (r["merge_commit"] == nil) != (x.MergeCommit == "") {
			t.Errorf("%s: merge_commit = %v, want %s", x, r["merge_commit"], x.MergeCommit)
		}
	}
}

func TestPullRequestConditions(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	one := firstPullRequest(t, fake, func(x fakePullRequest) bool {
		return x.State == "MERGED" && x.Author != nil && x.Author.AccountID != "" && x.Author.Nickname != "" && len(o.PullRequests(x.r)) > 3
	})
	list := "/repositories/{workspace}/{repo_slug}/pullrequests"
	onePath := list + "/{pull_request_id}"
	repositories := len(covered(o, o.Connected))
	const never = -1 // the test does not check the number of requests
	for name, test := range map[string]struct {
		where      []*proto.Qual
		want       func(fakePullRequest) bool
		wantFilter string // part of the q in each request
		wantLists  int    // requests for lists
		wantSingle int    // requests for single pull requests
	}{
		"repository":           {[]*proto.Qual{where("repository_full_name", "=", one.r.FullName())}, func(x fakePullRequest) bool { return x.r == one.r }, "", never, 0},
		"workspace":            {[]*proto.Qual{where("workspace_slug", "=", one.r.Workspace.Slug)}, func(x fakePullRequest) bool { return x.r.Workspace == one.r.Workspace }, "", never, 0},
		"open":                 {[]*proto.Qual{where("state", "=", "OPEN")}, func(x fakePullRequest) bool { return x.State == "OPEN" }, `state = "OPEN"`, never, 0},
		"some states":          {[]*proto.Qual{where("state", "=", []string{"OPEN", "DECLINED"})}, func(x fakePullRequest) bool { return x.State == "OPEN" || x.State == "DECLINED" }, `state IN ("OPEN", "DECLINED")`, never, 0},
		"not merged":           {[]*proto.Qual{where("state", "<>", "MERGED")}, func(x fakePullRequest) bool { return x.State != "MERGED" }, `state IN ("OPEN", "DECLINED", "SUPERSEDED")`, never, 0},
		"no such state":        {[]*proto.Qual{where("state", "=", `OPEN" OR state = "MERGED`)}, func(fakePullRequest) bool { return false }, "state IN (", never, 0},
		"a state and nonsense": {[]*proto.Qual{where("state", "=", []string{"MERGED", `"`})}, func(x fakePullRequest) bool { return x.State == "MERGED" }, "state IN (", never, 0},
		"drafts":               {[]*proto.Qual{where("draft", "=", true)}, func(x fakePullRequest) bool { return x.Draft != nil && *x.Draft }, "draft = true", never, 0},
		"no drafts":            {[]*proto.Qual{where("draft", "<>", true)}, func(x fakePullRequest) bool { return x.Draft == nil || !*x.Draft }, "state IN (", never, 0}, // it may be IS NOT TRUE
		"title":                {[]*proto.Qual{where("title", "~~", "Retry%")}, func(x fakePullRequest) bool { return strings.HasPrefix(x.Title, "Retry") }, `title ~ "Retry"`, never, 0},
		"title with quotes":    {[]*proto.Qual{where("title", "=", `Quote "search" as it should be`)}, func(x fakePullRequest) bool { return x.Title == `Quote "search" as it should be` }, "state IN (", never, 0},
		"author's name":        {[]*proto.Qual{where("author_nickname", "=", one.Author.Nickname)}, func(x fakePullRequest) bool { return x.Author != nil && x.Author.Nickname == one.Author.Nickname }, "author.nickname = ", never, 0},
		"source branch":        {[]*proto.Qual{where("source_branch_name", "=", one.SourceBranch)}, func(x fakePullRequest) bool { return x.SourceBranch == one.SourceBranch }, "source.branch.name = ", never, 0},
		"target branch":        {[]*proto.Qual{where("destination_branch_name", "=", "master")}, func(x fakePullRequest) bool { return x.DestinationBranch == "master" }, "destination.branch.name = ", never, 0},
		"from forks":           {[]*proto.Qual{where("repository_full_name", "=", one.r.FullName()), where("source_repository_full_name", "<>", one.r.FullName())}, func(x fakePullRequest) bool { return x.r == one.r && x.Fork != nil }, "state IN (", never, 0},
		"created since":        {[]*proto.Qual{where("created_on", ">=", one.CreatedOn)}, func(x fakePullRequest) bool { return !x.CreatedOn.Before(one.CreatedOn) }, "created_on >= ", never, 0},
		"created, as of old":   {[]*proto.Qual{where("created", "<", one.CreatedOn)}, func(x fakePullRequest) bool { return x.CreatedOn.Before(one.CreatedOn) }, "created_on < ", never, 0},
		"updated between": {[]*proto.Qual{where("updated_on", ">", one.UpdatedOn.AddDate(0, -1, 0)), where("updated_on", "<=", one.UpdatedOn)}, func(x fakePullRequest) bool {
			return x.UpdatedOn.After(one.UpdatedOn.AddDate(0, -1, 0)) && !x.UpdatedOn.After(one.UpdatedOn)
		}, "updated_on > ", never, 0},
		"updated, as of old":    {[]*proto.Qual{where("updated", "=", one.UpdatedOn)}, func(x fakePullRequest) bool { return x.UpdatedOn.Equal(one.UpdatedOn) }, "updated_on = ", never, 0},
		"number":                {one.named("id"), func(x fakePullRequest) bool { return x.PullRequest == one.PullRequest }, "", 0, 1},
		"number and state":      {append(one.named("id"), where("state", "=", "OPEN")), func(fakePullRequest) bool { return false }, "", 0, 1},
		"no number":             {[]*proto.Qual{where("repository_full_name", "=", one.r.FullName()), where("id", "=", []string{})}, func(x fakePullRequest) bool { return x.r == one.r }, "state IN (", never, 0}, // it may be = ALL
		"number anywhere":       {[]*proto.Qual{where("id", "=", 2)}, func(x fakePullRequest) bool { return x.ID == 2 }, "", 0, repositories},
		"a very long condition": {[]*proto.Qual{where("title", "~~", "%"+strings.Repeat("é", 900)+"%")}, func(fakePullRequest) bool { return false }, "state IN (", never, 0},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_pull_request", columns: "repository_full_name id", where: test.where})
			sameLines(t, "pull requests", pullRequestNames(pullRequestsSeenBy(o, o.Connected, test.want)), lines(rows, "repository_full_name", "id"))
			for _, e := range fake.Journal() {
				if e.Endpoint != "/2.0"+list {
					continue
				}
				if q := e.Query.Get("q"); !strings.Contains(q, test.wantFilter) || e.Query.Get("pagelen") != "50" || !e.Query.Has("fields") {
					t.Errorf("Bitbucket was sent %v, want q=%s", e.Query, test.wantFilter)
				}
			}
			requests := requested(fake)
			if test.wantLists != never && requests[list] != test.wantLists || requests[onePath] != test.wantSingle {
				t.Errorf("%d requests for lists and %d for single pull requests, want %d and %d", requests[list], requests[onePath], test.wantLists, test.wantSingle)
			}
		})
	}
}

// TestPullRequestsOfManyNumbers names more pull requests than the plugin requests one by one.
func TestPullRequestsOfManyNumbers(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	one := firstPullRequest(t, fake, func(x fakePullRequest) bool { return len(o.PullRequests(x.r)) > 50 })
	numbers := &proto.QualValueList{}
	var want []string
	for _, p := range o.PullRequests(one.r)[:30] {
		numbers.Values = append(numbers.Values, qualValue(p.ID))
		want = append(want, fakePullRequest{p, one.r}.String())
	}
	among := func(col string) []*proto.Qual {
		q := where(col, "=", 0)
		q.Value = &proto.QualValue{Value: &proto.QualValue_ListValue{ListValue: numbers}}
		return []*proto.Qual{where("repository_full_name", "=", one.r.FullName()), q}
	}
	fake.ResetJournal()
	rows := h.rows(tableQuery{table: "bitbucket_pull_request", columns: "repository_full_name id", where: among("id")})
	sameLines(t, "pull requests", want, lines(rows, "repository_full_name", "id"))
	if n := len(fake.Journal()); n > 3 {
		t.Errorf("30 pull requests took %d requests", n)
	}
	participants := h.rows(tableQuery{table: "bitbucket_pull_request_participant", columns: "repository_full_name pull_request_id", where: among("pull_request_id")})
	for _, r := range participants {
		if name := joinFields(r["repository_full_name"], r["pull_request_id"]); !slices.Contains(want, name) {
			t.Errorf("a participant of %s, which the query does not name", name)
		}
	}
	if len(participants) == 0 {
		t.Error("no participants of 30 pull requests")
	}
}

func TestPullRequestLimitAndOrder(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	list := "/repositories/{workspace}/{repo_slug}/pullrequests"
	many := firstPullRequest(t, fake, func(x fakePullRequest) bool { return len(o.PullRequests(x.r)) > 50 })
	quals := []*proto.Qual{where("repository_full_name", "=", many.r.FullName())}
	for limit, wantRequests := range map[int64]int{5: 1, 50: 1, 51: 2} {
		fake.ResetJournal()
		rows := h.rows(tableQuery{table: "bitbucket_pull_request", columns: "id", where: quals, limit: limit})
		if int64(len(rows)) != limit || requested(fake)[list] != wantRequests {
			t.Errorf("LIMIT %d: %d rows by %d requests, want %d", limit, len(rows), requested(fake)[list], wantRequests)
		}
	}
	fake.ResetJournal()
	if rows := h.rows(tableQuery{table: "bitbucket_pull_request", columns: "id", limit: 3}); len(rows) != 3 || requested(fake)[list] > 8 {
		t.Errorf("LIMIT 3: %d rows by %d requests", len(rows), requested(fake)[list])
	}

	all := pullRequestsSeenBy(o, o.Connected, nil)
	slices.SortFunc(all, func(a, b fakePullRequest) int { return b.UpdatedOn.Compare(a.UpdatedOn) })
	fake.ResetJournal()
	rows := h.rows(tableQuery{
		table: "bitbucket_pull_request", columns: "repository_full_name id", limit: 20,
		order: &proto.SortColumn{Column: "updated_on", Order: proto.SortOrder_Desc},
	})
	var got []string
	for _, r := range rows {
		got = append(got, joinFields(r["repository_full_name"], r["id"]))
	}
	if diff := cmp.Diff(pullRequestNames(all[:20]), got); diff != "" {
		t.Errorf("the last changed mismatch (-want +got):\n%s", diff)
	}
	if got, want := requested(fake)[list], len(covered(o, o.Connected)); got != want {
		t.Errorf("%d requests for lists, want one for each of %d repositories", got, want)
	}
	byAuthor := h.rows(tableQuery{
		table: "bitbucket_pull_request", columns: "created_on", limit: 5, where: []*proto.Qual{where("author_uuid", "=", o.Users[2].UUID)},
		order: &proto.SortColumn{Column: "created_on", Order: proto.SortOrder_Asc},
	})
	numbers := where("id", "=", 0)
	numbers.Value = &proto.QualValue{Value: &proto.QualValue_ListValue{ListValue: &proto.QualValueList{Values: []*proto.QualValue{qualValue(1), qualValue(5), qualValue(3)}}}}
	byNumber := h.rows(tableQuery{
		table: "bitbucket_pull_request", columns: "id", where: append(slices.Clone(quals), numbers),
		order: &proto.SortColumn{Column: "created_on", Order: proto.SortOrder_Desc},
	})
	if diff := cmp.Diff([]string{"5", "3", "1"}, columnValues(byNumber, "id")); diff != "" {
		t.Errorf("by number mismatch (-want +got):\n%s", diff)
	}
	if !slices.IsSortedFunc(byAuthor, func(a, b map[string]any) int { return a["created_on"].(time.Time).Compare(b["created_on"].(time.Time)) }) || len(byAuthor) != 5 {
		t.Errorf("not in order: %v", byAuthor)
	}
}

func TestPullRequestsOfAnAuthor(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	const ofAuthor, list = "/workspaces/{workspace}/pullrequests/{selected_user}", "/repositories/{workspace}/{repo_slug}/pullrequests"
	by := func(users ...*organization.User) func(fakePullRequest) bool {
		return func(x fakePullRequest) bool { return x.Author != nil && slices.Contains(users, x.Author) }
	}
	without := firstPullRequest(t, fake, func(x fakePullRequest) bool {
		return x.NoDestinationRepository && x.Author != nil && x.Author.Type == "user" && x.Author.AccountID != ""
	})
	team := firstPullRequest(t, fake, func(x fakePullRequest) bool { return x.Author != nil && x.Author.Type == "team" }).Author
	repositories := len(covered(o, o.Connected))
	for name, test := range map[string]struct {
		where     []*proto.Qual
		want      func(fakePullRequest) bool
		wantLists map[string]int
	}{
		"by uuid":            {[]*proto.Qual{where("author_uuid", "=", without.Author.UUID)}, by(without.Author), map[string]int{ofAuthor: 2}},
		"by account":         {[]*proto.Qual{where("author_account_id", "=", without.Author.AccountID)}, by(without.Author), map[string]int{ofAuthor: 2}},
		"in one workspace":   {[]*proto.Qual{where("author_uuid", "=", without.Author.UUID), where("workspace_slug", "=", without.r.Workspace.Slug)}, func(x fakePullRequest) bool { return by(without.Author)(x) && x.r.Workspace == without.r.Workspace }, map[string]int{ofAuthor: 1}},
		"in one repository":  {[]*proto.Qual{where("author_uuid", "=", without.Author.UUID), where("repository_full_name", "=", without.r.FullName())}, func(x fakePullRequest) bool { return by(without.Author)(x) && x.r == without.r }, map[string]int{list: 1}},
		"two, one unknown":   {[]*proto.Qual{where("author_uuid", "=", []string{without.Author.UUID, "{00000000-0000-4000-8000-000000000000}"})}, by(without.Author), nil},
		"a team":             {[]*proto.Qual{where("author_uuid", "=", team.UUID)}, by(team), map[string]int{ofAuthor: 2, list: repositories}},
		"a team and another": {[]*proto.Qual{where("author_uuid", "=", []string{team.UUID, without.Author.UUID})}, by(team, without.Author), nil},
		"the open ones":      {[]*proto.Qual{where("author_uuid", "=", without.Author.UUID), where("state", "=", "OPEN")}, func(x fakePullRequest) bool { return by(without.Author)(x) && x.State == "OPEN" }, map[string]int{ofAuthor: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_pull_request", where: test.where})
			var want []map[string]any
			for _, x := range pullRequestsSeenBy(o, o.Connected, test.want) {
				want = append(want, x.truth())
			}
			if len(want) == 0 {
				t.Fatal("the organization has none")
			}
			sameRows(t, want, rows)
			requests := requested(fake)
			for endpoint, n := range test.wantLists {
				if requests[endpoint] != n {
					t.Errorf("%d requests of %s, want %d", requests[endpoint], endpoint, n)
				}
			}
			if test.wantLists[list] == 0 && test.wantLists != nil && requests[list] > 0 {
				t.Errorf("%d requests for lists", requests[list])
			}
		})
	}
	public := o.Workspaces[2] // to which the connected user does not belong
	member := o.MembersOf(public)[0].User
	var want []map[string]any
	for _, r := range o.RepositoriesOf(public) {
		for _, p := range o.PullRequests(r) {
			if !r.IsPrivate && p.Author == member {
				want = append(want, fakePullRequest{p, r}.truth())
			}
		}
	}
	if len(want) == 0 {
		t.Fatal("the public workspace has none")
	}
	sameRows(t, want, h.rows(tableQuery{table: "bitbucket_pull_request", where: []*proto.Qual{where("author_uuid", "=", member.UUID), where("workspace_slug", "=", public.Slug)}}))
	if _, err := h.try(context.Background(), tableQuery{table: "bitbucket_pull_request", where: []*proto.Qual{where("author_uuid", "=", without.Author.UUID), where("workspace_slug", "=", "nobodys-workspace")}}); err == nil {
		t.Error("no error for a workspace that does not exist")
	}
}

// TestPullRequestIncrements reads the changes since the last time. They take one short list for each repository, and nothing
// for unchanged ones.
func TestPullRequestIncrements(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	last := time.Time{}
	for _, r := range h.rows(tableQuery{table: "bitbucket_pull_request", columns: "updated_on"}) {
		if at := r["updated_on"].(time.Time); at.After(last) {
			last = at
		}
	}
	since := func(tableName, col string) ([]map[string]any, map[string]int, int64) {
		fake.ResetJournal()
		rows := h.rows(tableQuery{table: tableName, columns: "repository_full_name", where: []*proto.Qual{where(col, ">", last)}})
		var bytes int64
		for _, e := range fake.Journal() {
			bytes += e.Bytes
		}
		return rows, requested(fake), bytes
	}
	const list = "/repositories/{workspace}/{repo_slug}/pullrequests"
	repositories := len(covered(o, o.Connected))
	if rows, requests, bytes := since("bitbucket_pull_request", "updated_on"); len(rows) != 0 || requests[list] != repositories || bytes > int64(repositories)*250 {
		t.Errorf("%d rows, %v requests and %d bytes, but nothing has changed", len(rows), requests, bytes)
	}
	changed := []fakePullRequest{
		firstPullRequest(t, fake, func(x fakePullRequest) bool {
			return len(x.Comments) > 1 && len(x.Participants) > 0 && len(o.PullRequests(x.r)) > 50
		}),
		firstPullRequest(t, fake, func(x fakePullRequest) bool {
			return len(x.Comments) > 1 && len(x.Participants) > 0 && x.State == "DECLINED"
		}),
	}
	later := last.Add(time.Minute)
	comments := 0
	for _, x := range changed {
		fake.ChangePullRequest(x.r.FullName(), x.ID, func(p *organization.PullRequest) { p.UpdatedOn = later })
		comments += len(x.Comments)
	}
	rows, requests, _ := since("bitbucket_pull_request", "updated_on")
	sameLines(t, "changed repositories", []string{changed[0].r.FullName(), changed[1].r.FullName()}, lines(rows, "repository_full_name"))
	if requests[list] != repositories {
		t.Errorf("%v requests, want one for each of %d repositories", requests, repositories)
	}
	rows, requests, _ = since("bitbucket_pull_request_comment", "pull_request_updated_on")
	if len(rows) != comments || requests[list] != repositories || requests[list+"/{pull_request_id}/comments"] != 2 {
		t.Errorf("%d comments by %v requests, want %d, and no requests for unchanged pull requests", len(rows), requests, comments)
	}
	rows, requests, _ = since("bitbucket_pull_request_participant", "pull_request_updated_on")
	if want := len(changed[0].Participants) + len(changed[1].Participants); len(rows) != want || requests[list] != repositories {
		t.Errorf("%d participants by %v requests, want %d", len(rows), requests, want)
	}
}

func TestPullRequestNamedOrGone(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	o := fake.Organization()
	one := firstPullRequest(t, fake, func(x fakePullRequest) bool { return !x.ForkDeleted && x.State == "OPEN" })
	for _, tab := range tables {
		col := "pull_request_id"
		switch {
		case tab.name == "bitbucket_pull_request":
			col = "id"
		case !strings.HasPrefix(tab.name, "bitbucket_pull_request_"):
			continue
		}
		t.Run(tab.name, func(t *testing.T) {
			h := connected(t, fake)
			if rows := h.rows(tableQuery{table: tab.name, columns: "repository_full_name", where: []*proto.Qual{where(col, "=", 9999)}}); len(rows) != 0 {
				t.Errorf("%d rows of a number that no repository has", len(rows))
			}
			for name, quals := range map[string][]*proto.Qual{
				"repository": {where("repository_full_name", "=", one.r.Workspace.Slug+"/nothing-here")},
				"workspace":  {where("workspace_slug", "=", "nobodys-workspace")},
			} {
				if rows, err := h.try(context.Background(), tableQuery{table: tab.name, columns: "repository_full_name", where: quals}); err == nil || len(rows) > 0 {
					t.Errorf("%d rows and error %v, want an error for a missing %s", len(rows), err, name)
				}
			}
			if rows := h.rows(tableQuery{table: tab.name, columns: "repository_full_name", where: []*proto.Qual{where("repository_full_name", "=", one.r.FullName()), where(col, "=", 9999)}}); len(rows) != 0 {
				t.Errorf("%d rows of a number that the repository does not have", len(rows))
			}
		})
	}
	// A repository that is deleted during a scan has no rows. The cached inventory still has it.
	h := connected(t, fake)
	before := h.rows(tableQuery{table: "bitbucket_pull_request", columns: "repository_full_name"})
	fake.RemoveRepository(one.r.FullName())
	after := h.rows(tableQuery{table: "bitbucket_pull_request", columns: "repository_full_name"})
	if len(before)-len(after) != len(o.PullRequests(one.r)) {
		t.Errorf("%d rows, and %d without %s", len(before), len(after), one.r.FullName())
	}
	for _, tableName := range []string{"bitbucket_pull_request_comment", "bitbucket_pull_request_activity", "bitbucket_pull_request_participant"} {
		if slices.Contains(columnValues(h.rows(tableQuery{table: tableName, columns: "repository_full_name"}), "repository_full_name"), one.r.FullName()) {
			t.Errorf("%s has rows of %s", tableName, one.r.FullName())
		}
	}
}

// pullRequestParts are the tables of what belongs to pull requests: the expected rows for each, and the requests.
var pullRequestParts = map[string]struct {
	truth    func(fakePullRequest) []map[string]any
	endpoint string // below the pull request
	requests int    // for each pull request; 0 if they come with the list
}{
	"bitbucket_pull_request_participant": {func(x fakePullRequest) (rows []map[string]any) {
		for _, who := range x.Participants {
			state := orNil(who.State)
			if who.NoState {
				state = nil
			}
			rows = append(rows, merged(userTruth("user", who.User), map[string]any{
				"user_nickname": orNil(who.User.Nickname), "user_type": who.User.Type, "approved": who.Approved, "state": state, "role": who.Role,
				"participated_on": orNilTime(who.ParticipatedOn), "title": who.User.DisplayName, "type": "participant",
			}))
		}
		return rows
	}, "", 0},
	"bitbucket_pull_request_comment": {func(x fakePullRequest) (rows []map[string]any) {
		for _, c := range x.Comments {
			r := merged(userTruth("user", c.User), map[string]any{
				"user_nickname": orNil(c.User.Nickname), "user_type": c.User.Type, "id": c.ID, "content": orNil(c.Content), "title": orNil(c.Content),
				"created_on": c.CreatedOn.UTC(), "updated_on": c.UpdatedOn.UTC(), "deleted": c.Deleted, "pending": orNilFlag(c.Pending), "type": "pullrequest_comment",
				"inline_path": nil, "inline_from": nil, "inline_to": nil, "inline_start_from": nil, "inline_start_to": nil, "parent_id": nil,
				"resolved_on": orNilTime(c.ResolvedOn), "resolved_by_uuid": nil, "resolved_by_display_name": nil,
				"html_url":  fmt.Sprintf("https://bitbucket.org/%s/pull-requests/%d/_/diff#comment-%d", x.r.FullName(), x.ID, c.ID),
				"self_link": fmt.Sprintf("https://api.bitbucket.org/2.0/repositories/%s/pullrequests/%d/comments/%d", x.r.FullName(), x.ID, c.ID),
			})
			if c.Inline != nil {
				r["inline_path"], r["inline_from"], r["inline_to"] = c.Inline.Path, orNilInt(c.Inline.From), orNilInt(c.Inline.To)
				r["inline_start_from"], r["inline_start_to"] = orNilInt(c.Inline.StartFrom), orNilInt(c.Inline.StartTo)
			}
			if c.Parent != nil {
				r["parent_id"] = c.Parent.ID
			}
			if c.ResolvedBy != nil {
				r["resolved_by_uuid"], r["resolved_by_display_name"] = c.ResolvedBy.UUID, c.ResolvedBy.DisplayName
			}
			rows = append(rows, r)
		}
		return rows
	}, "/comments", 1},
	"bitbucket_pull_request_task": {func(x fakePullRequest) (rows []map[string]any) {
		for _, task := range x.Tasks {
			r := merged(userTruth("creator", task.Creator), userTruth("resolved_by", task.ResolvedBy), map[string]any{
				"creator_nickname": orNil(task.Creator.Nickname),
				"id":               task.ID, "content": task.Content, "title": task.Content, "state": task.State, "created_on": task.CreatedOn.UTC(), "pending": false,
				"updated_on": task.UpdatedOn.UTC(), "resolved_on": orNilTime(task.ResolvedOn), "comment_id": nil,
				"html_url":  fmt.Sprintf("https://bitbucket.org/%s/pull-requests/%d", x.r.FullName(), x.ID),
				"self_link": fmt.Sprintf("https://api.bitbucket.org/2.0/repositories/%s/pullrequests/%d/tasks/%d", x.r.FullName(), x.ID, task.ID),
			})
			if task.Comment != nil {
				r["comment_id"] = task.Comment.ID
			}
			rows = append(rows, r)
		}
		return rows
	}, "/tasks", 1},
	"bitbucket_pull_request_commit": {func(x fakePullRequest) (rows []map[string]any) {
		for _, c := range x.Commits {
			nickname := any(nil)
			if c.Author != nil {
				nickname = orNil(c.Author.Nickname)
			}
			rows = append(rows, merged(userTruth("author", c.Author), map[string]any{
				"author_nickname": nickname,
				"hash":            c.Hash, "title": c.Hash, "author_raw": c.Raw, "date": c.Date.UTC(), "message": c.Message, "type": "commit",
				"html_url":  "https://bitbucket.org/" + x.r.FullName() + "/commits/" + c.Hash,
				"self_link": "https://api.bitbucket.org/2.0/repositories/" + x.r.FullName() + "/commit/" + c.Hash,
			}))
		}
		return rows
	}, "/commits", 1},
	"bitbucket_pull_request_file": {func(x fakePullRequest) (rows []map[string]any) {
		for _, f := range x.Files {
			path := f.NewPath
			if path == "" {
				path = f.OldPath
			}
			rows = append(rows, map[string]any{
				"path": path, "title": path, "old_path": orNil(f.OldPath), "new_path": orNil(f.NewPath), "status": f.Status, "type": "diffstat",
				"lines_added": int64(f.LinesAdded), "lines_removed": int64(f.LinesRemoved),
			})
		}
		return rows
	}, "/diffstat", 1},
	"bitbucket_pull_request_status": {func(x fakePullRequest) (rows []map[string]any) {
		for _, s := range x.Statuses {
			r := map[string]any{
				"key": s.Key, "name": s.Name, "title": s.Name, "state": s.State, "url": s.URL, "description": orNil(s.Description), "refname": nil, "type": "build",
				"commit_hash": x.SourceCommit, "created_on": s.CreatedOn.UTC(), "updated_on": s.UpdatedOn.UTC(),
				"self_link": "https://api.bitbucket.org/2.0/repositories/" + x.r.FullName() + "/commit/" + x.SourceCommit + "/statuses/build/" + s.Key,
			}
			if s.Refname != nil && !s.NoRefname {
				r["refname"] = *s.Refname
			}
			rows = append(rows, r)
		}
		return rows
	}, "/statuses", 1},
}

// inPullRequest returns the expected columns of the pull request that something belongs to.
func (x fakePullRequest) inPullRequest() map[string]any {
	return merged(repositoryTruth(x.r), map[string]any{
		"pull_request_id": int64(x.ID), "pull_request_state": x.State,
		"pull_request_created_on": x.CreatedOn.UTC(), "pull_request_updated_on": x.UpdatedOn.UTC(),
	})
}

func TestPullRequestParts(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	o := fake.Organization()
	all := pullRequestsSeenBy(o, o.Connected, nil)
	one := firstPullRequest(t, fake, func(x fakePullRequest) bool {
		return len(x.Comments) > 0 && len(x.Tasks) > 0 && len(x.Commits) > 0 && len(x.Statuses) > 0 && len(x.Participants) > 0 && len(o.PullRequests(x.r)) > 2
	})
	const list = "/repositories/{workspace}/{repo_slug}/pullrequests"
	for name, tt := range pullRequestParts {
		t.Run(name, func(t *testing.T) {
			truth := func(satisfied func(fakePullRequest) bool) (want []map[string]any, pullRequests int) {
				for _, x := range all {
					if !satisfied(x) {
						continue
					}
					pullRequests++
					for _, r := range tt.truth(x) {
						want = append(want, merged(r, x.inPullRequest()))
					}
				}
				return want, pullRequests
			}
			documents := map[string]int{"bitbucket_pull_request_commit": 1, "bitbucket_pull_request_comment": 1} // parents; content_html
			for name, test := range map[string]struct {
				where      []*proto.Qual
				satisfied  func(fakePullRequest) bool
				wantLists  int // -1 for any number
				wantFilter string
			}{
				"all":            {nil, func(fakePullRequest) bool { return true }, -1, `state IN ("OPEN", "MERGED", "DECLINED", "SUPERSEDED")`},
				"of open ones":   {[]*proto.Qual{where("pull_request_state", "=", "OPEN")}, func(x fakePullRequest) bool { return x.State == "OPEN" }, -1, `state = "OPEN"`},
				"of closed ones": {[]*proto.Qual{where("pull_request_state", "<>", "OPEN")}, func(x fakePullRequest) bool { return x.State != "OPEN" }, -1, `state IN ("MERGED", "DECLINED", "SUPERSEDED")`},
				"of changed ones": {[]*proto.Qual{where("pull_request_updated_on", ">=", one.UpdatedOn)}, func(x fakePullRequest) bool {
					return !x.UpdatedOn.Before(one.UpdatedOn)
				}, -1, "updated_on >= "},
				"of new ones": {[]*proto.Qual{where("pull_request_created_on", ">", one.CreatedOn), where("workspace_slug", "=", one.r.Workspace.Slug)}, func(x fakePullRequest) bool {
					return x.CreatedOn.After(one.CreatedOn) && x.r.Workspace == one.r.Workspace
				}, -1, "created_on > "},
				"of a repository":          {[]*proto.Qual{where("repository_full_name", "=", one.r.FullName())}, func(x fakePullRequest) bool { return x.r == one.r }, -1, ""},
				"of one":                   {one.named("pull_request_id"), func(x fakePullRequest) bool { return x.PullRequest == one.PullRequest }, 0, ""},
				"of one, in another state": {append(one.named("pull_request_id"), where("pull_request_state", "<>", one.State)), func(fakePullRequest) bool { return false }, 0, ""},
				"of a number anywhere":     {[]*proto.Qual{where("pull_request_id", "=", 3)}, func(x fakePullRequest) bool { return x.ID == 3 }, 0, ""},
			} {
				t.Run(name, func(t *testing.T) {
					h := connected(t, fake)
					fake.ResetJournal()
					rows := h.rows(tableQuery{table: tabName(t), where: test.where})
					want, pullRequests := truth(test.satisfied)
					if len(want) > 0 || len(rows) > 0 {
						sameRows(t, want, rows)
					}
					if all := len(tableNamed(tabName(t)).columns); len(want) > 0 && len(want[0])+documents[tabName(t)] != all {
						t.Errorf("%d columns are compared, the table has %d", len(want[0]), all)
					}
					requests := requested(fake)
					if n := requests[list+"/{pull_request_id}"+tt.endpoint]; tt.requests > 0 && n < pullRequests*tt.requests || n > pullRequests*tt.requests+pullRequests/2 && tt.requests > 0 {
						t.Errorf("%d requests of %s for %d pull requests", n, tt.endpoint, pullRequests)
					}
					if test.wantLists >= 0 && requests[list] != test.wantLists {
						t.Errorf("%d requests for lists of pull requests, want %d", requests[list], test.wantLists)
					}
					for _, e := range fake.Journal() {
						if e.Endpoint == "/2.0"+list && (!strings.Contains(e.Query.Get("q"), test.wantFilter) || e.Query.Get("pagelen") != "50") {
							t.Errorf("Bitbucket was sent %v, want q=%s", e.Query, test.wantFilter)
						}
					}
				})
			}
		})
	}
}

// tabName returns the table of a subtest of TestPullRequestParts.
func tabName(t *testing.T) string { return strings.Split(t.Name(), "/")[1] }

func TestPullRequestPartConditions(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 80})
	o := fake.Organization()
	h := connected(t, fake)
	const below = "/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}"
	commented := firstPullRequest(t, fake, func(x fakePullRequest) bool { return len(x.Comments) > 100 })
	middle := commented.Comments[60].CreatedOn
	built := firstPullRequest(t, fake, func(x fakePullRequest) bool { return len(x.Statuses) > 1 })
	for name, test := range map[string]struct {
		table       string
		where       []*proto.Qual
		keep        func(fakePullRequest, map[string]any) bool
		endpoint    string
		wantFilter  string
		isRequested func(fakePullRequest) bool // for the pull request; nil if for all
	}{
		"comments since":   {"bitbucket_pull_request_comment", []*proto.Qual{where("created_on", ">", middle)}, func(_ fakePullRequest, r map[string]any) bool { return r["created_on"].(time.Time).After(middle) }, "/comments", "created_on > ", nil},
		"comments changed": {"bitbucket_pull_request_comment", []*proto.Qual{where("updated_on", "<=", middle)}, func(_ fakePullRequest, r map[string]any) bool { return !r["updated_on"].(time.Time).After(middle) }, "/comments", "updated_on <= ", nil},
		"comments kept":    {"bitbucket_pull_request_comment", []*proto.Qual{where("deleted", "=", false)}, func(_ fakePullRequest, r map[string]any) bool { return r["deleted"] == false }, "/comments", "", func(x fakePullRequest) bool { return x.CommentCount() > 0 }},
		"comments deleted": {"bitbucket_pull_request_comment", []*proto.Qual{where("deleted", "=", true)}, func(_ fakePullRequest, r map[string]any) bool { return r["deleted"] == true }, "/comments", "", nil},
		"open tasks":       {"bitbucket_pull_request_task", []*proto.Qual{where("state", "=", "UNRESOLVED")}, func(_ fakePullRequest, r map[string]any) bool { return r["state"] == "UNRESOLVED" }, "/tasks", "", func(x fakePullRequest) bool { return x.OpenTasks() > 0 }},
		"closed tasks":     {"bitbucket_pull_request_task", []*proto.Qual{where("state", "<>", "UNRESOLVED")}, func(_ fakePullRequest, r map[string]any) bool { return r["state"] != "UNRESOLVED" }, "/tasks", "", nil},
		"failed builds":    {"bitbucket_pull_request_status", []*proto.Qual{where("state", "=", "FAILED")}, func(_ fakePullRequest, r map[string]any) bool { return r["state"] == "FAILED" }, "/statuses", `state = "FAILED"`, nil},
		"builds by key":    {"bitbucket_pull_request_status", []*proto.Qual{where("key", "=", built.Statuses[0].Key)}, func(_ fakePullRequest, r map[string]any) bool { return r["key"] == built.Statuses[0].Key }, "/statuses", "key = ", nil},
		"builds by name": {"bitbucket_pull_request_status", []*proto.Qual{where("name", "~~*", "pipeline%")}, func(_ fakePullRequest, r map[string]any) bool {
			return strings.HasPrefix(r["name"].(string), "Pipeline")
		}, "/statuses", `name ~ "pipeline"`, nil},
		"builds since": {"bitbucket_pull_request_status", []*proto.Qual{where("created_on", ">=", built.Statuses[0].CreatedOn)}, func(_ fakePullRequest, r map[string]any) bool {
			return !r["created_on"].(time.Time).Before(built.Statuses[0].CreatedOn)
		}, "/statuses", "created_on >= ", nil},
		"failed, in others": {"bitbucket_pull_request_status", []*proto.Qual{where("state", "=", "FAILED"), where("pull_request_state", "=", "OPEN")}, func(x fakePullRequest, r map[string]any) bool { return r["state"] == "FAILED" && x.State == "OPEN" }, "/statuses", `state = "FAILED"`, func(x fakePullRequest) bool { return x.State == "OPEN" }},
	} {
		t.Run(name, func(t *testing.T) {
			var want []map[string]any
			pullRequests := 0
			for _, x := range pullRequestsSeenBy(o, o.Connected, nil) {
				if test.isRequested == nil || test.isRequested(x) {
					pullRequests++
				}
				for _, r := range pullRequestParts[test.table].truth(x) {
					if test.keep(x, r) {
						want = append(want, merged(r, x.inPullRequest()))
					}
				}
			}
			if len(want) == 0 {
				t.Fatal("the organization has none")
			}
			fake.ResetJournal()
			sameRows(t, want, h.rows(tableQuery{table: test.table, where: test.where}))
			if n := requested(fake)[below+test.endpoint]; n < pullRequests || n > pullRequests+pullRequests/10 {
				t.Errorf("%d requests for %d pull requests", n, pullRequests)
			}
			for _, e := range fake.Journal() {
				if q := e.Query.Get("q"); e.Endpoint == "/2.0"+below+test.endpoint && !strings.Contains(q, test.wantFilter) || strings.HasSuffix(e.Endpoint, "/tasks") && q != "" {
					t.Errorf("Bitbucket was sent q=%s, want %s", q, test.wantFilter)
				}
			}
		})
	}
}

func TestPullRequestPartsLimit(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	many := firstPullRequest(t, fake, func(x fakePullRequest) bool { return len(o.PullRequests(x.r)) > 50 })
	for tableName := range pullRequestParts {
		t.Run(tableName, func(t *testing.T) {
			h := connected(t, fake)
			fake.ResetJournal()
			if rows := h.rows(tableQuery{table: tableName, columns: "pull_request_id", limit: 3}); len(rows) != 3 {
				t.Errorf("LIMIT 3 gave %d rows", len(rows))
			}
			if n := len(fake.Journal()); n > 60 {
				t.Errorf("LIMIT 3 of all repositories: %v", requested(fake))
			}
			fake.ResetJournal()
			h.rows(tableQuery{table: tableName, columns: "pull_request_id", where: []*proto.Qual{where("repository_full_name", "=", many.r.FullName())}, limit: 3})
			if n := requested(fake)["/repositories/{workspace}/{repo_slug}/pullrequests"]; n != 1 || len(fake.Journal()) > 25 {
				t.Errorf("LIMIT 3 of a repository: %v", requested(fake))
			}
		})
	}
}

// TestPullRequestsByRepositoryAlone queries no column of the object itself. The requests select one field, and not all.
func TestPullRequestsByRepositoryAlone(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 20})
	h := connected(t, fake)
	for _, tab := range tables {
		if !strings.HasPrefix(tab.name, "bitbucket_pull_request") {
			continue
		}
		fake.ResetJournal()
		if rows := h.rows(tableQuery{table: tab.name, columns: "repository_full_name"}); len(rows) == 0 {
			t.Errorf("%s has no rows", tab.name)
		}
		for _, e := range fake.Journal() {
			if strings.Contains(e.Endpoint, "/pullrequests") && !e.Query.Has("fields") {
				t.Errorf("%s: a request for all fields of %s", tab.name, e.Path)
			}
		}
	}
}

// TestNamedPullRequestIsNotRequested queries the parts of a named pull request. The plugin does not request the pull request
// itself, unless the query needs a column of it.
func TestNamedPullRequestIsNotRequested(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	one := firstPullRequest(t, fake, func(x fakePullRequest) bool { return len(x.Comments) > 0 })
	const onePath = "/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}"
	for columns, want := range map[string]int{"id pull_request_id workspace_slug": 0, "id pull_request_state": 1} {
		fake.ResetJournal()
		rows := connected(t, fake).rows(tableQuery{table: "bitbucket_pull_request_comment", columns: columns, where: one.named("pull_request_id")})
		if requests := requested(fake); len(rows) != len(one.Comments) || requests[onePath] != want || requests[onePath+"/comments"] != 1 {
			t.Errorf("%s: %d rows by %v", columns, len(rows), requests)
		}
	}
}

// TestPullRequestPartsShareTheList queries several tables that need the pull requests of a repository. They read the list once.
func TestPullRequestPartsShareTheList(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	h := connected(t, fake)
	h.rows(tableQuery{table: "bitbucket_pull_request_comment", where: []*proto.Qual{where("pull_request_state", "=", "OPEN")}})
	fake.ResetJournal()
	h.rows(tableQuery{table: "bitbucket_pull_request_task", where: []*proto.Qual{where("pull_request_state", "=", "OPEN")}})
	if n := requested(fake)["/repositories/{workspace}/{repo_slug}/pullrequests"]; n != 0 {
		t.Errorf("%d more requests for lists of pull requests", n)
	}
}

func TestPullRequestOfADeletedFork(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	gone := firstPullRequest(t, fake, func(x fakePullRequest) bool { return x.ForkDeleted })
	h := connected(t, fake)
	for _, tableName := range []string{"bitbucket_pull_request_commit", "bitbucket_pull_request_file", "bitbucket_pull_request_status"} {
		if rows := h.rows(tableQuery{table: tableName, where: gone.named("pull_request_id")}); len(rows) != 0 {
			t.Errorf("%s: %d rows", tableName, len(rows))
		}
		if rows := h.rows(tableQuery{table: tableName, columns: "repository_full_name", where: gone.named("pull_request_id")}); len(rows) != 0 {
			t.Errorf("%s, named alone: %d rows", tableName, len(rows))
		}
	}
}

func TestPullRequestFilesOfAManyFold(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	large := firstPullRequest(t, fake, func(x fakePullRequest) bool { return len(x.Files) > 500 })
	h := connected(t, fake)
	fake.ResetJournal()
	if rows := h.rows(tableQuery{table: "bitbucket_pull_request_file", where: large.named("pull_request_id")}); len(rows) != len(large.Files) {
		t.Errorf("%d files, want %d", len(rows), len(large.Files))
	}
	if n := requested(fake)["/repositories/{workspace}/{repo_slug}/diffstat/{spec...}"]; n != 2 {
		t.Errorf("%d pages", n)
	}
	fake.ResetJournal()
	if rows := h.rows(tableQuery{table: "bitbucket_pull_request_file", columns: "path", where: large.named("pull_request_id"), limit: 100}); len(rows) != 100 {
		t.Errorf("LIMIT 100 gave %d files", len(rows))
	}
	if n := requested(fake)["/repositories/{workspace}/{repo_slug}/diffstat/{spec...}"]; n != 1 {
		t.Errorf("LIMIT 100 read %d pages", n)
	}
}

func TestPullRequestMergeCheck(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	latest := map[string]int{} // the latest open one into the main branch, by repository
	for _, x := range pullRequestsSeenBy(o, o.Connected, func(x fakePullRequest) bool { return x.State == "OPEN" && x.DestinationBranch == x.r.MainBranch }) {
		latest[x.r.FullName()] = max(latest[x.r.FullName()], x.ID)
	}
	isLatest := func(x fakePullRequest) bool { return x.ID == latest[x.r.FullName()] }
	truth := func(x fakePullRequest) (rows []map[string]any) {
		for i, c := range o.MergeChecks(x.r, x.PullRequest, o.EffectivePermission(x.r, o.Connected)) {
			r := merged(x.inPullRequest(), map[string]any{
				"type": c.Type, "kind": orNil(c.Kind), "status": c.Status, "required": c.Required, "blocking": c.Blocking, "reason": orNil(c.Reason),
				"title": c.Type, "state": nil, "message": nil, "name": nil, "pull_request_is_latest_into_main": isLatest(x),
				"number": i + 1,
			})
			if c.Kind != "" {
				r["title"] = c.Kind
			}
			if r["state"] = nil; c.Type == "pullrequest_state_check" {
				r["state"] = "OPEN"
				if x.Draft != nil && *x.Draft {
					r["state"] = "DRAFT"
				}
			}
			rows = append(rows, r)
		}
		return rows
	}
	opened := pullRequestsSeenBy(o, o.Connected, func(x fakePullRequest) bool { return x.State == "OPEN" })
	var want []map[string]any
	for _, x := range opened {
		want = append(want, truth(x)...)
	}
	fake.ResetJournal()
	sameRows(t, want, h.rows(tableQuery{table: "bitbucket_pull_request_merge_check"}))
	const checks = "/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/mergeability/checks"
	if n := requested(fake)[checks]; n != len(opened) {
		t.Errorf("%d requests for %d open pull requests", n, len(opened))
	}
	sameRows(t, truth(opened[0]), h.rows(tableQuery{table: "bitbucket_pull_request_merge_check", where: opened[0].named("pull_request_id")}))
	fake.ResetJournal()
	closed := firstPullRequest(t, fake, func(x fakePullRequest) bool { return x.State == "MERGED" })
	if rows := h.rows(tableQuery{table: "bitbucket_pull_request_merge_check", columns: "status", where: closed.named("pull_request_id")}); len(rows) != 0 || requested(fake)[checks] != 0 {
		t.Errorf("%d checks of a merged pull request", len(rows))
	}
	if rows := h.rows(tableQuery{table: "bitbucket_pull_request_merge_check", where: []*proto.Qual{where("pull_request_state", "=", "MERGED")}}); len(rows) != 0 {
		t.Errorf("%d checks of merged pull requests", len(rows))
	}
	for _, r := range h.rows(tableQuery{table: "bitbucket_pull_request_merge_check", columns: "kind observed requirement", where: []*proto.Qual{where("repository_full_name", "=", opened[0].r.FullName())}}) {
		_, counted := r["observed"].(map[string]any)
		_, demanded := r["requirement"].(map[string]any)
		number := slices.Contains([]any{"minimum_approvals", "minimum_default_reviewer_approvals", "minimum_successful_builds", "maximum_commits_behind"}, r["kind"])
		if counted != (r["kind"] != nil) || demanded != number {
			t.Errorf("%v: observed %v, requirement %v", r["kind"], r["observed"], r["requirement"])
		}
	}

	// The plugin requests the checks of the latest pull request into each main branch, and no others, whatever other conditions
	// the query has.
	want = nil
	for _, x := range opened {
		if isLatest(x) {
			want = append(want, truth(x)...)
		}
	}
	fake.ResetJournal()
	sameRows(t, want, h.rows(tableQuery{table: "bitbucket_pull_request_merge_check", where: []*proto.Qual{where("pull_request_is_latest_into_main", "=", true)}}))
	if n := requested(fake)[checks]; n != len(latest) || n == len(opened) {
		t.Errorf("%d requests for the checks of %d pull requests, of %d that are open", n, len(latest), len(opened))
	}
	older := opened[slices.IndexFunc(opened, func(x fakePullRequest) bool { return !isLatest(x) && x.DestinationBranch == x.r.MainBranch })]
	if rows := h.rows(tableQuery{table: "bitbucket_pull_request_merge_check", where: []*proto.Qual{
		where("pull_request_is_latest_into_main", "=", true), where("pull_request_updated_on", "<=", older.UpdatedOn), where("repository_full_name", "=", older.r.FullName()),
	}}); slices.ContainsFunc(rows, func(r map[string]any) bool { return r["pull_request_id"] == int64(older.ID) }) {
		t.Errorf("pull request %d counts as the latest, but is not", older.ID)
	}
}

func TestPullRequestActivity(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{})
	o := fake.Organization()
	h := connected(t, fake)
	truth := func(satisfied func(fakePullRequest, *organization.PullRequestEvent) bool) (rows []map[string]any) {
		for _, x := range pullRequestsSeenBy(o, o.Connected, nil) {
			for i, e := range x.Activity {
				if !satisfied(x, e) {
					continue
				}
				r := merged(repositoryTruth(x.r), userTruth("user", e.User), map[string]any{
					"user_nickname": nil, "comment_inline_from": nil, "comment_inline_to": nil, "comment_parent_id": nil, "comment_updated_on": nil,
					"update_title": nil, "description": nil, "destination_branch_name": nil, "destination_commit_hash": nil, "source_commit_hash": nil, "draft": nil,
					"number": i + 1, "pull_request_id": int64(x.ID), "kind": orNil(e.Kind), "date": e.Date.UTC(), "pull_request_title": x.Title, "title": x.Title,
					"state": nil, "reason": nil, "comment_id": nil, "comment_deleted": nil, "comment_inline_path": nil, "content": nil,
				})
				if e.User != nil {
					r["user_nickname"] = orNil(e.User.Nickname)
				}
				switch e.Kind {
				case "":
					r["date"] = nil
				case "update":
					r["state"], r["reason"] = e.State, orNil(x.Reason)
					r["update_title"], r["description"], r["draft"] = e.Title, orNil(x.Description), orNilFlag(e.Draft)
					r["source_commit_hash"], r["destination_commit_hash"] = orNil(e.SourceCommit), orNil(x.DestinationCommit)
					r["destination_branch_name"] = x.DestinationBranch
				case "comment":
					r["comment_id"], r["comment_deleted"], r["content"] = e.Comment.ID, e.Comment.Deleted, orNil(e.Comment.Content)
					r["comment_updated_on"] = e.Comment.UpdatedOn.UTC()
					if e.Comment.Inline != nil {
						r["comment_inline_path"] = e.Comment.Inline.Path
						r["comment_inline_from"], r["comment_inline_to"] = orNilInt(e.Comment.Inline.From), orNilInt(e.Comment.Inline.To)
					}
					if e.Comment.Parent != nil {
						r["comment_parent_id"] = e.Comment.Parent.ID
					}
				}
				rows = append(rows, r)
			}
		}
		return rows
	}
	const all, onePath = "/repositories/{workspace}/{repo_slug}/pullrequests/activity", "/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/activity"
	repositories := len(covered(o, o.Connected))
	week := time.Now().AddDate(0, 0, -7)
	// The numbers of pages of the logs of repositories, of those of the last week, up to the first older entry, and of those of
	// the pull requests with number 2, which may not exist.
	pages, pagesOfWeek, pagesOfTwo := 0, 0, repositories
	for _, r := range covered(o, o.Connected) {
		n, recent := 0, 0
		for _, p := range o.PullRequests(r) {
			n += len(p.Activity)
			for _, e := range p.Activity {
				if e.Date.After(week) {
					recent++
				}
			}
			if p.ID == 2 {
				pagesOfTwo += max(0, (len(p.Activity)-1)/50)
			}
		}
		pages += max(1, (n+49)/50)
		pagesOfWeek += min(recent/50+1, max(1, (n+49)/50))
	}
	one := firstPullRequest(t, fake, func(x fakePullRequest) bool { return len(o.PullRequests(x.r)) > 50 && len(x.Activity) > 2 })
	between := func(from, to time.Time) func(fakePullRequest, *organization.PullRequestEvent) bool {
		return func(_ fakePullRequest, e *organization.PullRequestEvent) bool {
			return e.Kind != "" && e.Date.After(from) && e.Date.Before(to)
		}
	}
	for name, test := range map[string]struct {
		where      []*proto.Qual
		satisfied  func(fakePullRequest, *organization.PullRequestEvent) bool
		wantAll    [2]int // minimum and maximum of requests for the logs of repositories
		wantSingle int
	}{
		"everything":    {nil, func(fakePullRequest, *organization.PullRequestEvent) bool { return true }, [2]int{pages, pages}, 0},
		"the last week": {[]*proto.Qual{where("date", ">", week)}, between(week, time.Now().AddDate(1, 0, 0)), [2]int{pagesOfWeek, pagesOfWeek}, 0},
		"a week of old": {[]*proto.Qual{where("date", ">", week.AddDate(-1, 0, 0)), where("date", "<", week)}, between(week.AddDate(-1, 0, 0), week), [2]int{repositories, pages}, 0},
		"before":        {[]*proto.Qual{where("date", "<", week)}, between(time.Time{}, week), [2]int{pages, pages}, 0},
		"at one time": {[]*proto.Qual{where("date", "=", one.Activity[1].Date)}, func(_ fakePullRequest, e *organization.PullRequestEvent) bool {
			return e.Kind != "" && e.Date.Equal(one.Activity[1].Date)
		}, [2]int{repositories, pages}, 0},
		"of a repository": {[]*proto.Qual{where("repository_full_name", "=", one.r.FullName())}, func(x fakePullRequest, _ *organization.PullRequestEvent) bool { return x.r == one.r }, [2]int{2, pages}, 0},
		"of a pull request": {one.named("pull_request_id"), func(x fakePullRequest, _ *organization.PullRequestEvent) bool {
			return x.PullRequest == one.PullRequest
		}, [2]int{0, 0}, 1},
		"of a number": {[]*proto.Qual{where("pull_request_id", "=", 2)}, func(x fakePullRequest, _ *organization.PullRequestEvent) bool { return x.ID == 2 }, [2]int{0, 0}, pagesOfTwo},
	} {
		t.Run(name, func(t *testing.T) {
			want := truth(test.satisfied)
			if len(want) == 0 {
				t.Fatal("the organization has none")
			}
			fake.ResetJournal()
			rows := h.rows(tableQuery{table: "bitbucket_pull_request_activity", where: test.where})
			sameRows(t, want, rows)
			if all := len(tablePullRequestActivity().columns); len(want[0])+2 != all { // changes, reviewers
				t.Errorf("%d columns are compared, the table has %d", len(want[0]), all)
			}
			requests := requested(fake)
			if n := requests[all]; n < test.wantAll[0] || n > test.wantAll[1] || requests[onePath] != test.wantSingle {
				t.Errorf("%d requests for logs of repositories, want %v; %d for single ones, want %d", n, test.wantAll, requests[onePath], test.wantSingle)
			}
		})
	}
	unknown := 0
	for _, r := range h.rows(tableQuery{table: "bitbucket_pull_request_activity", columns: "kind"}) {
		if r["kind"] == nil {
			unknown++
		}
	}
	if want := len(truth(func(_ fakePullRequest, e *organization.PullRequestEvent) bool { return e.Kind == "" })); unknown != want {
		t.Errorf("%d activities without a kind, want %d", unknown, want)
	}
	fake.ResetJournal()
	if rows := h.rows(tableQuery{table: "bitbucket_pull_request_activity", columns: "kind", limit: 5, where: []*proto.Qual{where("repository_full_name", "=", one.r.FullName())}}); len(rows) != 5 || requested(fake)[all] != 1 {
		t.Errorf("LIMIT 5: %d rows by %d requests", len(rows), requested(fake)[all])
	}
	for _, e := range fake.Journal() {
		if strings.Contains(e.Query.Get("fields"), "kind") {
			t.Errorf("a request for unknown fields: %s", e.Query.Get("fields"))
		}
	}
}

// TestPullRequestParticipantsComeWithLongConditions queries with a long condition. A list has no participants unless the
// request selects them, and a request whose address is too long has no selection of fields.
func TestPullRequestParticipantsComeWithLongConditions(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	one := firstPullRequest(t, fake, func(x fakePullRequest) bool { return len(x.Participants) > 0 })
	long := "%" + strings.Repeat("ü", 900) + "%" // an address has three characters for each byte
	rows := connected(t, fake).rows(tableQuery{
		table: "bitbucket_pull_request",
		where: []*proto.Qual{where("title", "=", []string{one.Title, long}), where("repository_full_name", "=", one.r.FullName())},
	})
	if len(rows) == 0 {
		t.Fatal("no rows")
	}
	for _, r := range rows {
		if r["participants"] == nil || r["reviewer_count"] == nil || r["approval_count"] == nil {
			t.Errorf("%v: no participants", r["title"])
		}
	}
}

// TestPullRequestRecordings serves recordings of what belongs to one repository.
func TestPullRequestRecordings(t *testing.T) {
	if _, err := os.Stat(recordings); err != nil {
		t.Skipf("skipped: the recordings are not at hand (%v)", err)
	}
	const pull = "/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}"
	for resource, as := range map[string]struct {
		table, endpoint, without, key, path string
		named                               bool // the query names the number of the pull request
	}{
		"pull-requests":   {"bitbucket_pull_request", "/2.0/repositories/{workspace}/{repo_slug}/pullrequests", "", "id", "id", false},
		"pr-activity":     {"bitbucket_pull_request_activity", pull + "/activity", "", "pull_request_id", "pull_request.id", true},
		"pr-comments":     {"bitbucket_pull_request_comment", pull + "/comments", "pull_request_", "id", "id", true},
		"pr-commits":      {"bitbucket_pull_request_commit", pull + "/commits", "pull_request_", "hash", "hash", true},
		"commit-statuses": {"bitbucket_pull_request_status", pull + "/statuses", "pull_request_", "key", "key", true},
	} {
		also := map[string]string{} // more columns, and the paths of their values
		if resource == "pr-activity" {
			also = map[string]string{
				"source_commit_hash": "update.source.commit.hash", "destination_commit_hash": "update.destination.commit.hash", "destination_branch_name": "update.destination.branch.name",
				"update_title": "update.title", "draft": "update.draft", "user_nickname": "@this.[update.author.nickname,comment.user.nickname,approval.user.nickname].@flatten.0",
			}
		}
		files, err := filepath.Glob(filepath.Join(recordings, resource, "*.json"))
		if err != nil || len(files) < 3 {
			t.Errorf("no recordings of %s (%v)", resource, err)
		}
		for _, file := range files {
			t.Run(resource+"/"+filepath.Base(file), func(t *testing.T) {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				items := []gjson.Result{gjson.ParseBytes(data)}
				if items[0].IsArray() {
					items = items[0].Array()
				} else if values := items[0].Get("values"); values.IsArray() {
					items = values.Array()
				}
				fake := fakebitbucket.Start(t, fakebitbucket.Options{})
				one := firstPullRequest(t, fake, func(x fakePullRequest) bool { return true })
				fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultStatus, Path: as.endpoint, Status: http.StatusOK, Body: pageJSON(items), Count: -1})
				quals := []*proto.Qual{where("repository_full_name", "=", one.r.FullName())}
				if number := items[0].Get("pull_request.id"); number.Exists() {
					quals = append(quals, where("pull_request_id", "=", int(number.Int())))
				} else if as.named {
					quals = append(quals, where("pull_request_id", "=", one.ID))
				}
				var columns []string
				for _, c := range tableNamed(as.table).columns {
					if as.without == "" || !strings.HasPrefix(c.name, as.without) {
						columns = append(columns, c.name)
					}
				}
				rows := connected(t, fake).rows(tableQuery{table: as.table, columns: strings.Join(columns, " "), where: quals})
				var want []string
				for _, item := range items {
					want = append(want, item.Get(as.path).String())
				}
				sameLines(t, as.key, want, columnValues(rows, as.key))
				for col, path := range also {
					want = nil
					for _, item := range items {
						want = append(want, fmt.Sprint(orNil(item.Get(path).String())))
					}
					sameLines(t, col, want, columnValues(rows, col))
				}
			})
		}
	}
}
