package bitbucket

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// endTruth returns the expected columns about the end of a pull request.
func (x fakePullRequest) endTruth() map[string]any {
	want := map[string]any{"closed_on": orNilTime(x.ClosedOn()), "closed_on_source": nil, "merged_on": nil}
	if want["closed_on"] != nil {
		want["closed_on_source"] = "activity"
	}
	if x.State == "MERGED" {
		want["merged_on"] = want["closed_on"]
	}
	return want
}

// TestPullRequestEndsCostRequests checks that the end of a pull request costs one request for each closed one, and only if the
// query reads it.
func TestPullRequestEndsCostRequests(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	o := fake.Organization()
	one := firstPullRequest(t, fake, func(x fakePullRequest) bool { return x.State == "MERGED" && x.Author != nil && x.Author.Type == "user" })
	closed := func(x fakePullRequest) bool { return x.State != "OPEN" }
	for name, test := range map[string]struct {
		columns string
		where   []*proto.Qual
		want    func(fakePullRequest) bool // the pull requests whose logs are requested
	}{
		"not read":      {"id state", nil, func(fakePullRequest) bool { return false }},
		"all":           {"closed_on", nil, closed},
		"open":          {"merged_on", []*proto.Qual{where("state", "=", "OPEN")}, func(fakePullRequest) bool { return false }},
		"merged":        {"merged_on", []*proto.Qual{where("state", "=", "MERGED")}, func(x fakePullRequest) bool { return x.State == "MERGED" }},
		"by number":     {"closed_on_source", one.named("id"), func(x fakePullRequest) bool { return x.PullRequest == one.PullRequest }},
		"of the author": {"closed_on", []*proto.Qual{where("author_uuid", "=", one.Author.UUID)}, func(x fakePullRequest) bool { return x.Author == one.Author && closed(x) }},
	} {
		t.Run(name, func(t *testing.T) {
			h := connected(t, fake)
			fake.ResetJournal()
			h.rows(tableQuery{table: "bitbucket_pull_request", columns: test.columns, where: test.where})
			requests := requested(fake)
			if n, want := requests["/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/activity"], len(pullRequestsSeenBy(o, o.Connected, test.want)); n != want {
				t.Errorf("%d requests for logs, want %d", n, want)
			}
			if n := requests["/repositories/{workspace}/{repo_slug}/commit/{commit}"]; n != 0 {
				t.Errorf("%d requests for merge commits, but the logs show the ends", n)
			}
		})
	}
}

// TestPullRequestEndFromTheMergeCommit reads a log without the end. Then the end is the date of the merge commit, if the merge
// made this commit.
func TestPullRequestEndFromTheMergeCommit(t *testing.T) {
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40})
	o := fake.Organization()
	commit := func(r *organization.Repository, isMerge bool) *organization.Commit {
		i := slices.IndexFunc(o.Commits(r), func(c *organization.Commit) bool { return len(c.Parents) > 1 == isMerge })
		if i < 0 {
			return nil
		}
		return o.Commits(r)[i]
	}
	one := firstPullRequest(t, fake, func(x fakePullRequest) bool {
		return x.State == "MERGED" && commit(x.r, true) != nil && commit(x.r, false) != nil
	})
	merge, other := commit(one.r, true), commit(one.r, false)
	end := one.ClosedOn().UTC()
	date := merge.Date.UTC()
	for name, test := range map[string]struct {
		change func(*organization.PullRequest)
		want   []any // closed_on, merged_on, closed_on_source
	}{
		"made by the merge": {func(p *organization.PullRequest) { p.MergeCommit = merge.Hash[:12] }, []any{date, date, "merge_commit"}},
		"there before":      {func(p *organization.PullRequest) { p.MergeCommit = other.Hash[:12] }, []any{nil, nil, nil}},
		"not told":          {func(p *organization.PullRequest) { p.MergeCommit = "" }, []any{nil, nil, nil}},
		"gone":              {func(p *organization.PullRequest) { p.MergeCommit = "0123456789ab" }, []any{nil, nil, nil}},
		"declined": {func(p *organization.PullRequest) {
			p.State, p.MergeCommit, p.Activity = "DECLINED", "", []*organization.PullRequestEvent{{Kind: "update", Date: end, State: "DECLINED"}}
		}, []any{end, nil, "activity"}},
		"edited since": {func(p *organization.PullRequest) {
			p.State, p.Activity = "MERGED", []*organization.PullRequestEvent{
				{Kind: "update", Date: end.AddDate(0, 0, 2), State: "MERGED"}, {Kind: "update", Date: end, State: "MERGED"}, {Kind: "update", Date: end.AddDate(0, 0, -1), State: "OPEN"},
			}
		}, []any{end, end, "activity"}},
	} {
		t.Run(name, func(t *testing.T) {
			fake.ChangePullRequest(one.r.FullName(), one.ID, func(p *organization.PullRequest) {
				p.State = "MERGED"
				p.Activity = slices.DeleteFunc(slices.Clone(one.Activity), func(e *organization.PullRequestEvent) bool { return e.State == "MERGED" })
				test.change(p)
			})
			rows := connected(t, fake).rows(tableQuery{table: "bitbucket_pull_request", columns: "closed_on merged_on closed_on_source", where: one.named("id")})
			if len(rows) != 1 {
				t.Fatalf("%d rows", len(rows))
			}
			if diff := cmp.Diff(test.want, []any{rows[0]["closed_on"], rows[0]["merged_on"], rows[0]["closed_on_source"]}); diff != "" {
				t.Errorf("end (-want +got):\n%s", diff)
			}
		})
	}
}
