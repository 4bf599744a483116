package bitbucket

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/bbql"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// A pullRequestScope is a pull request that a scan covers, for the tables of what belongs to a pull request.
type pullRequestScope struct {
	repositoryScope
	request jsontree.Value // has the fields in pullRequestFields, or only the number
	unseen  bool           // named by the query and not requested: if it does not exist, nothing is found in it
}

// pullRequestFields are the fields that are known of each pull request.
var pullRequestFields = []string{"id", "state", "created_on", "updated_on", "comment_count", "task_count"}

// path returns the path of something in the pull request.
func (p pullRequestScope) path(rest string) string {
	return p.repositoryScope.path("/pullrequests/{pull_request_id}"+rest, p.request.Get("id").String())
}

// row returns the row of an object in the pull request.
func (p pullRequestScope) row(item jsontree.Value) *row {
	made := p.repositoryScope.row(item)
	made.set(parentPart, p.request)
	return made
}

// inPullRequestColumns returns the columns that show the pull request, and the repository, of an object.
func inPullRequestColumns() []column {
	return append([]column{
		integer("pull_request_id", "Number of the pull request, unique in the repository.").in(parentPart, "id"),
		timestamp("pull_request_created_on", "When the pull request was created.").in(parentPart, "created_on"),
		text("pull_request_state", "State of the pull request: OPEN, MERGED, DECLINED or SUPERSEDED.").in(parentPart, "state"),
		timestamp("pull_request_updated_on", "When the pull request last changed.").in(parentPart, "updated_on"),
	}, inRepositoryColumns()...)
}

// inPullRequestKeyColumns returns the key columns by which a query names pull requests, and those that rule some out
// before any request is made for them.
func inPullRequestKeyColumns() []keyColumn {
	return append(inRepositoryKeyColumns(),
		named("pull_request_id"),
		filtered("pull_request_created_on", "created_on", orderOperators),
		filtered("pull_request_state", "state", equalOperators),
		filtered("pull_request_updated_on", "updated_on", orderOperators),
	)
}

// ifExists yields the rows, and ends without an error if the query names the pull request by number and it does not
// exist.
func (p pullRequestScope) ifExists(ctx context.Context, c *connection, rows rowSeq) rowSeq {
	if !p.unseen {
		return rows
	}
	return func(yield func(*row, error) bool) {
		for child, err := range rows {
			if isUnknown(err) {
				if _, gone := c.Get(ctx, p.path(""), nil, "id"); isUnknown(gone) {
					return
				}
			}
			if !yield(child, err) || err != nil {
				return
			}
		}
	}
}

// children reads one collection of the pull request, as far as the query needs it.
func (p pullRequestScope) children(ctx context.Context, s *scan, rest string, pageLen int) rowSeq {
	on := s.with(s.narrowedTo(objectPart))
	return on.listIn(ctx, p, on.collection(p.path(rest), pageLen))
}

// pullRequests returns the pull requests of a repository that the scan covers, with more fields if the scan needs them.
func (r repositoryScope) pullRequests(ctx context.Context, s *scan, more ...string) iter.Seq2[pullRequestScope, error] {
	on := s.with(s.narrowedTo(parentPart))
	found := r.listedPullRequests(ctx, on, more)
	if ids, ok := s.conditions.integers("pull_request_id"); ok && len(ids) <= fewNames {
		found = r.namedPullRequests(ctx, on, ids, more)
	}
	return func(yield func(pullRequestScope, error) bool) {
		for p, err := range found {
			if err == nil && !p.unseen && !on.accepts(p.row(jsontree.Value{})) {
				continue
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// listedPullRequests lists the pull requests of a repository. Scans that want the same ones share the list for half a
// minute.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-get
func (r repositoryScope) listedPullRequests(ctx context.Context, s *scan, more []string) iter.Seq2[pullRequestScope, error] {
	l := s.pullRequestList(r.path("/pullrequests"))
	l.Fields = slices.Concat(pullRequestFields, more)
	l.Wanted = 0
	if s.limit >= 0 {
		l.Wanted = int64(l.PageLen) // fetch no page before the limit is known to need it
	}
	key := strings.Join([]string{l.Path, l.Query.Encode(), strings.Join(l.Fields, ",")}, " ")
	return func(yield func(pullRequestScope, error) bool) {
		for item, err := range s.shared(ctx, key, l) {
			if !yield(pullRequestScope{repositoryScope: r, request: item}, err) || err != nil {
				return
			}
		}
	}
}

// namedPullRequests returns the pull requests with the given numbers. It requests them if more than the number is
// needed, or if the query names no repository, as most repositories will not have the number.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/#api-repositories-workspace-repo-slug-pullrequests-pull-request-id-get
func (r repositoryScope) namedPullRequests(ctx context.Context, s *scan, ids []int64, more []string) iter.Seq2[pullRequestScope, error] {
	unseen := r.from == nil && len(more) == 0 && !s.wants("pull_request_created_on", "pull_request_state", "pull_request_updated_on")
	return func(yield func(pullRequestScope, error) bool) {
		for _, id := range ids {
			p := pullRequestNumbered(r, id)
			p.unseen = unseen
			if !unseen {
				item, err := s.Get(ctx, p.path(""), nil, slices.Concat(pullRequestFields, more)...)
				if isUnknown(err) {
					continue
				}
				if err != nil {
					yield(pullRequestScope{}, err)
					return
				}
				p.request = item
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

// pullRequestNumbered returns the pull request of a repository with a number.
func pullRequestNumbered(r repositoryScope, id int64) pullRequestScope {
	return pullRequestScope{repositoryScope: r, request: jsontree.Of(map[string]int64{"id": id})}
}

// pullRequestList describes a list of the pull requests that match the conditions of the scan, in all states that they
// don't rule out. Without a filter Bitbucket lists only the open ones. The longest page is 50.
func (q *query) pullRequestList(path string) api.List {
	l := q.collection(path, 50)
	l.Fields = append(l.Fields, q.endFields()...)
	filter, _ := q.filter(nil)
	if len(url.QueryEscape(filter.String())) > longestFilter {
		filter, l.Wanted = bbql.Filter{}, 0 // leave the filtering to the check of each row
	}
	onState := q.conditions.where(func(c condition) bool { return c.field == "state" })
	isNamed := func(c condition) bool { _, ok := c.wanted(); return ok }
	if filter.IsZero() || !slices.ContainsFunc(onState, isNamed) {
		all := []string{"OPEN", "MERGED", "DECLINED", "SUPERSEDED"}
		states := slices.DeleteFunc(slices.Clone(all), func(state string) bool { return onState.fail(state) })
		if len(states) == 0 { // a state that can't be sent
			states = all
		}
		filter = bbql.And(filter, bbql.Compare("state", "IN", states))
	}
	l.Query.Set("q", filter.String())
	return l
}

// longestFilter is the maximum length of the escaped filter of a list of pull requests. If an address is too long, the
// fields can't be selected, and without a selection such a list has neither reviewers nor participants.
const longestFilter = 4000
