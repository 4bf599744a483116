package bitbucket

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/turbot/steampipe-plugin-sdk/v5/grpc/proto"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
)

// small is an organization in which every list has several pages.
var small = fakebitbucket.Options{Repositories: 6, Projects: 3, Users: 6, Groups: 3, PageLen: 3}

// everything returns a baseline for a query of all rows, for each table.
func (s *simulation) everything(t *testing.T) []*baseline {
	t.Helper()
	var all []*baseline
	for _, tab := range tables {
		if tab.name != "bitbucket_omission" { // its rows depend on earlier queries
			all = append(all, s.learn(t, tableQuery{table: tab.name}))
		}
	}
	return all
}

// oneOfEachKind keeps a request of each kind.
func (b *baseline) oneOfEachKind(seen map[string]bool) []scanRequest {
	var kept []scanRequest
	for _, r := range b.requests {
		if !seen[r.kind()] {
			seen[r.kind()] = true
			kept = append(kept, r)
		}
	}
	return kept
}

// missing returns the rows of the baseline that a scan lacks.
func (b *baseline) missing(rows map[string]int) []string {
	return surplus(b.rows, rows)
}

// TestListsThatShift makes lists shorter or longer between their pages. Everything that is there all the time appears once.
func TestListsThatShift(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.New(small)
	s := simulateToken(t, fake)
	seen := map[string]bool{}
	lists := 0
	for _, b := range s.everything(t) {
		b.rows = removePart(positions, b.rows)
		for _, r := range b.oneOfEachKind(seen) {
			if r.position != "first page" || !r.sized {
				continue
			}
			lists++
			inList := func(other *http.Request) bool {
				return other.URL.EscapedPath() == r.path && withoutPages(other.URL.RequestURI()) == withoutPages(r.uri)
			}
			// The rows of the shorter list alone.
			fake.Inject(fakebitbucket.Fault{Kind: fakebitbucket.FaultDrop, Drop: 1, Match: inList, Count: -1})
			shorter := removePart(positions, tally(b.table, s.scan(t, b.tableQuery, func(*network) {}).rows))
			for name, fault := range map[string]fakebitbucket.Fault{
				"shrinks": {Skip: 1, Count: -1},
				"grows":   {Count: 1},
			} {
				fault.Kind, fault.Drop, fault.Match = fakebitbucket.FaultDrop, 1, inList
				fake.ClearFaults()
				fake.Inject(fault)
				done := s.scan(t, b.tableQuery, func(*network) {})
				rows := removePart(positions, tally(b.table, done.rows))
				switch {
				case done.err != nil:
					t.Errorf("%s, %s %s: error %v", b, r.path, name, done.err)
				case len(surplus(rows, b.rows)) > 0 && len(surplus(rows, shorter)) > 0:
					t.Errorf("%s, %s %s: rows that occur twice, or don't exist: %.300v", b, r.path, name, surplus(rows, b.rows))
				}
				for _, line := range b.missing(rows) {
					if shorter[line] == b.rows[line] {
						t.Errorf("%s, %s %s: a row is missing that was there all the time: %.300s", b, r.path, name, line)
					}
				}
			}
			fake.ClearFaults()
		}
	}
	t.Logf("%d lists", lists)
}

// removePart removes a part of each row.
func removePart(pattern *regexp.Regexp, rows map[string]int) map[string]int {
	counts := map[string]int{}
	for line, n := range rows {
		counts[pattern.ReplaceAllString(line, "")] += n
	}
	return counts
}

// positions matches the values of the columns that count the rows of a list. They change in a list that shifts.
var positions = regexp.MustCompile(`"number":\d+,`)

// surplus returns the rows of which there are more than in the other, as often as there are more.
func surplus(rows, other map[string]int) []string {
	var more []string
	for line, n := range rows {
		for range n - other[line] {
			more = append(more, line)
		}
	}
	slices.Sort(more)
	return more
}

// withoutPages returns the address of a list without the parameters for its pages.
func withoutPages(uri string) string {
	path, rawQuery, _ := strings.Cut(uri, "?")
	parameters := slices.DeleteFunc(strings.Split(rawQuery, "&"), func(p string) bool {
		return strings.HasPrefix(p, "page=") || strings.HasPrefix(p, "ctx=") || strings.HasPrefix(p, "after=")
	})
	slices.Sort(parameters)
	return path + "?" + strings.Join(parameters, "&")
}

// countEndpoint returns how many repositories there are besides those that the user administers.
const countEndpoint = "/2.0/user/workspaces/{workspace}/permissions/repositories"

// isCount reports whether the request is for this count. No row needs it.
func (r scanRequest) isCount() bool { return r.endpoint == countEndpoint && r.position == "object" }

// features are the endpoints of a repository that return "not found" if the feature is off. A scan continues then.
var features = []string{"/commits", "/deployments", "/downloads", "/environments", "/pipelines", "/pipelines-config/caches", "/pipelines-config/runners",
	"/pipelines_config", "/pipelines_config/schedules", "/pipelines_config/ssh/known_hosts", "/pipelines_config/variables", "/watchers"}

// things are the endpoints of objects that may be gone after they were listed, or that a condition names and that may not
// exist. A "not found" means no rows.
var things = []string{
	"/1.0/groups/{workspace}", // bitbucket_repository_access shows in a column that this is missing
	"/2.0/repositories/{workspace}/{repo_slug}",
	"/2.0/repositories/{workspace}/{repo_slug}/commit/{commit}",
	"/2.0/repositories/{workspace}/{repo_slug}/commit/{commit}/comments",
	"/2.0/repositories/{workspace}/{repo_slug}/commit/{commit}/reports",
	"/2.0/repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations",
	"/2.0/repositories/{workspace}/{repo_slug}/commit/{commit}/statuses",
	"/2.0/repositories/{workspace}/{repo_slug}/deployments/{deployment_uuid}",
	"/2.0/repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment_uuid}/variables",
	"/2.0/repositories/{workspace}/{repo_slug}/diffstat/{spec...}",
	"/2.0/repositories/{workspace}/{repo_slug}/permissions-config/groups/{group_slug}",
	"/2.0/repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}",
	"/2.0/repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}",
	"/2.0/repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps",
	"/2.0/repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}/test_reports",
	"/2.0/repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}/test_reports/test_cases",
	"/2.0/repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}/test_reports/test_cases/{test_case_uuid}/test_case_reasons",
	"/2.0/repositories/{workspace}/{repo_slug}/pipelines_config/schedules/{schedule_uuid}/executions",
	"/2.0/repositories/{workspace}/{repo_slug}/pipelines_config/ssh/key_pair", // most have none
	"/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}",
	"/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/commits",
	"/2.0/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/diffstat",
	"/2.0/repositories/{workspace}/{repo_slug}/refs/branches/{name}", // the main branch may not exist
	"/2.0/repositories/{workspace}/{repo_slug}/src/{commit}/{path...}",
	"/2.0/snippets/{workspace}/{encoded_id}",
	"/2.0/snippets/{workspace}/{encoded_id}/comments",
	"/2.0/snippets/{workspace}/{encoded_id}/commits",
	"/2.0/users/{selected_user}",
	"/2.0/workspaces/{workspace}",
	"/2.0/workspaces/{workspace}/projects/{project_key}",
	"/2.0/workspaces/{workspace}/projects/{project_key}/permissions-config/groups/{group_slug}",
	"/2.0/workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
	"/2.0/workspaces/{workspace}/pullrequests/{selected_user}",
}

// TestNotFound returns Bitbucket's "not found" for each kind of request. A scan continues in the few cases where something can
// be gone. Everywhere else, and in the middle of a list, it is an error. The ordinary run makes a quarter of the queries.
func TestNotFound(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	const body = `{"type":"error","error":{"message":"There is nothing here"}}`
	fake := fakebitbucket.New(small)
	s := simulateToken(t, fake)
	scans, quiet := 0, 0
	for _, tab := range tables {
		for _, b := range s.baselines(t, tab) {
			for _, r := range b.oneOfEachKind(map[string]bool{}) {
				if tab.name == "bitbucket_rate_limit" { // it also shows the headers of refusals
					continue
				}
				if !*soak && (trial{baseline: b, scanRequest: r}).draw()%4 > 0 {
					continue
				}
				fake.ClearFaults()
				fake.Inject(fakebitbucket.Fault{
					Kind: fakebitbucket.FaultStatus, Status: http.StatusNotFound, Body: body, Count: -1,
					Match: func(other *http.Request) bool { return other.URL.RequestURI() == r.uri },
				})
				done := s.scan(t, b.tableQuery, func(*network) {})
				scans++
				if done.err != nil {
					continue
				}
				quiet++
				if problem := b.judgeEnd(r, tally(b.table, done.rows)); problem != "" {
					t.Errorf("%s, not found at %s (%s): %s", b, r.uri, r.position, problem)
				}
			}
		}
	}
	t.Logf("%d scans, %d of them without an error", scans, quiet)
}

// judgeEnd returns what is wrong with a scan without an error in which something was not found, or "".
func (b *baseline) judgeEnd(r scanRequest, rows map[string]int) string {
	rest, inRepository := strings.CutPrefix(r.endpoint, "/2.0/repositories/{workspace}/{repo_slug}")
	lacking := b.missing(rows)
	switch isFeature := inRepository && slices.Contains(features, rest); {
	case r.position == "middle page" || r.position == "last page":
		if len(lacking) > 0 {
			return fmt.Sprintf("%d rows are missing of a list after its first page", len(lacking))
		}
	case r.isCount(): // without it, only a number is missing in the omissions
		if len(lacking) > 0 {
			return fmt.Sprintf("%d rows are missing", len(lacking))
		}
	case !isFeature && !slices.Contains(things, r.endpoint):
		return "no error, but nothing can be gone there"
	}
	if !inRepository {
		return ""
	}
	names := strings.Split(r.path, "/")
	for _, line := range lacking {
		if !strings.Contains(line, names[3]+"/"+names[4]) && !strings.Contains(line, names[4]) {
			return fmt.Sprintf("a row of something else is missing: %.300s", line)
		}
	}
	return ""
}

// TestRepositoryThatVanishesFromEveryScan deletes a repository in the middle of a scan over all. Its rows are missing, and no
// others.
func TestRepositoryThatVanishesFromEveryScan(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.New(small)
	s := simulateToken(t, fake)
	before := fake.Organization()
	for _, tab := range tables {
		fake.Restore(before)
		b := s.learn(t, tableQuery{table: tab.name})
		repositoryRequests := slices.DeleteFunc(slices.Clone(b.requests), func(r scanRequest) bool {
			return !strings.HasPrefix(r.endpoint, "/2.0/repositories/{workspace}/{repo_slug}/")
		})
		if len(repositoryRequests) == 0 {
			continue
		}
		r := repositoryRequests[len(repositoryRequests)/2]
		names := strings.Split(r.path, "/")
		gone := fake.Organization().Repository(names[3] + "/" + names[4])
		fake.Inject(fakebitbucket.Fault{
			Kind: fakebitbucket.FaultHandler, Match: func(other *http.Request) bool { return other.URL.RequestURI() == r.uri },
			Handler: func(w http.ResponseWriter, r *http.Request) {
				fake.RemoveRepository(gone.FullName())
				fake.Answer(w, r)
			},
		})
		done := s.scan(t, b.tableQuery, func(*network) {})
		if done.err != nil {
			if isRepositories := strings.HasSuffix(tab.name, "_repository"); !isRepositories { // in which the repository itself is a row
				t.Errorf("%s: error %v", b, done.err)
			}
			continue
		}
		rows := tally(b.table, done.rows)
		isOfIt := func(line string) bool {
			return strings.Contains(line, gone.FullName()) || strings.Contains(line, gone.UUID)
		}
		for _, line := range append(b.missing(rows), surplus(rows, b.rows)...) {
			if !isOfIt(line) {
				t.Errorf("%s: a row of something else than the deleted repository is missing, twice or changed: %.300s", b, line)
			}
		}
	}
}

// TestTokenThatExpiresAtEveryRequest lets the access token expire at each kind of request. It is refreshed once, and the rows
// are exact.
func TestTokenThatExpiresAtEveryRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.New(small)
	s := simulateConsumer(t, fake)
	leavesNothing(t)
	seen := map[string]bool{}
	requests := 0
	for _, b := range s.everything(t) {
		for _, r := range b.oneOfEachKind(seen) {
			fake.ClearFaults()
			fault := breaches["401 as expired"].fault
			fault.Match = func(other *http.Request) bool { return other.URL.RequestURI() == r.uri }
			fake.Inject(fault)
			before := fake.Rotations()
			done := s.scan(t, b.tableQuery, func(*network) {})
			if problem := b.judge(done, true); problem != "" {
				t.Errorf("%s, expired at %s (%s): %s", b, r.uri, r.position, problem)
			}
			if n := fake.Rotations() - before; n != 1 {
				t.Errorf("%s, expired at %s: %d refreshes, want 1", b, r.uri, n)
			}
			requests++
		}
	}
	for token, uses := range fake.RefreshUses() {
		if uses > 1 {
			t.Errorf("%.20s… was used %d times", token, uses)
		}
	}
	t.Logf("%d requests", requests)
}

// TestTokenThatIsRefusedOnce refuses an access token once, at the list of workspaces. The plugin must not take it for one that
// has no account and can't list them.
func TestTokenThatIsRefusedOnce(t *testing.T) {
	fake := fakebitbucket.New(small)
	s := simulateToken(t, fake)
	b := s.learn(t, tableQuery{table: "bitbucket_my_repository", where: []*proto.Qual{where("workspace_slug", "=", fake.Organization().Workspaces[0].Slug)}})
	fault := breaches["401 as expired"].fault
	fault.Path = "/2.0/user/workspaces"
	fake.Inject(fault)
	if problem := b.judge(s.scan(t, b.tableQuery, func(*network) {}), true); problem != "" {
		t.Error(problem)
	}
}
