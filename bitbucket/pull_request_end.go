package bitbucket

import (
	"context"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A pullRequestEnd is when a pull request was closed, and what shows it. Bitbucket has no field for it.
type pullRequestEnd struct {
	ClosedOn string `json:"closed_on,omitempty"`
	MergedOn string `json:"merged_on,omitempty"`
	Source   string `json:"source,omitempty"`
}

// endFields returns the fields of a pull request that its end is looked up by, if the query reads that.
func (q *query) endFields() []string {
	if !q.needsPart(explanationPart) {
		return nil
	}
	return []string{"id", "state", "merge_commit.hash"}
}

// withEnds adds to each pull request when it was closed, if the query reads that.
func withEnds(ctx context.Context, s *scan, rows rowSeq) rowSeq {
	if !s.needsPart(explanationPart) {
		return rows
	}
	return s.completed(ctx, rows, func(ctx context.Context, r *row) error {
		end, err := endOfPullRequest(ctx, s.connection, r)
		r.set(explanationPart, jsontree.Of(end))
		return err
	})
}

// endOfPullRequest returns the end of a pull request: from its log, or else from its merge commit.
func endOfPullRequest(ctx context.Context, c *connection, r *row) (end pullRequestEnd, err error) {
	request := r.part(objectPart)
	state := request.Get("state").String()
	if state == "OPEN" {
		return end, nil
	}
	p := pullRequestNumbered(repositoryScope{repository: r.part(repositoryPart)}, request.Get("id").Int())
	end.Source = "activity"
	if end.ClosedOn, err = p.lastChangeOfState(ctx, c, state); err == nil && end.ClosedOn == "" {
		end.Source = "merge_commit"
		end.ClosedOn, err = newCommitScope(p.repositoryScope, request.Get("merge_commit.hash").String()).dateOfMerge(ctx, c)
	}
	if end.ClosedOn == "" {
		end.Source = ""
	}
	if state == "MERGED" {
		end.MergedOn = end.ClosedOn
	}
	return end, err
}

// lastChangeOfState returns when a pull request got its state, or "" if its log does not show that. The log begins with
// the latest entry, so mostly one page is enough.
func (p pullRequestScope) lastChangeOfState(ctx context.Context, c *connection, state string) (at string, err error) {
	l := api.List{Path: p.path("/activity"), Fields: []string{"update.state", "update.date"}, PageLen: 50, Wanted: 50}
	for item, err := range c.List(ctx, l) {
		if err != nil {
			return "", err
		}
		switch item.Get("update.state").String() {
		case "":
		case state: // it may have been edited since
			at = item.Get("update.date").String()
		default:
			return at, nil
		}
	}
	return at, nil
}

// dateOfMerge returns the date of the commit if it has two parents or more: the merge made it. Without another parent the
// commit may be one that was there before the merge, and its date says nothing.
func (r commitScope) dateOfMerge(ctx context.Context, c *connection) (string, error) {
	if r.hash == "" {
		return "", nil
	}
	commit, err := c.Get(ctx, r.path(""), nil, "date", "parents.hash")
	if isUnknown(err) || err == nil && commit.Get("parents.#").Int() < 2 {
		return "", nil
	}
	return commit.Get("date").String(), err
}
