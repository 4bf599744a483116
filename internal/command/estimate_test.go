package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kindor/steampipe-plugin-bitbucket/docs"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/sqlhost"
)

// longer lists the tables whose estimates are lower bounds: those below objects that the estimate does not read, such as pull
// requests, and one whose lists have many pages.
var longer = []string{
	"bitbucket_commit_report_annotation", "bitbucket_deployment_variable", "bitbucket_pipeline_schedule_execution",
	"bitbucket_pipeline_step", "bitbucket_pipeline_test_case", "bitbucket_pipeline_test_report", "bitbucket_pull_request_activity",
	"bitbucket_pull_request_comment", "bitbucket_pull_request_commit", "bitbucket_pull_request_file", "bitbucket_pull_request_merge_check",
	"bitbucket_pull_request_status", "bitbucket_pull_request_task", "bitbucket_snippet", "bitbucket_snippet_comment",
	"bitbucket_snippet_commit", "bitbucket_repository_permission", "bitbucket_branch_protection", "bitbucket_code_owner",
	"bitbucket_machine_access", "bitbucket_pipeline_definition",
}

// An estimate is close to the number of requests of the query. The query returns the same rows as without an estimate: none of
// the invented answers.
func TestEstimate(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes long")
	}
	fake := fakebitbucket.Start(t, fakebitbucket.Options{Repositories: 40, Users: 20})
	shared := serve(t, fake)
	for _, table := range docs.Tables() {
		// An example that names a repository may name one that this organization does not have.
		at := slices.IndexFunc(table.Examples, func(e docs.Example) bool { return !strings.Contains(e.SQLite, "'harbor-labs/") })
		example := table.Examples[at]
		t.Run(table.Name, func(t *testing.T) {
			without := shared
			if table.Name == "bitbucket_omission" { // whose rows are about the queries before
				without = serve(t, fake)
			}
			want := sortedRows(t, without, example.SQLite)
			fake.ResetJournal()
			s := serve(t, fake)
			costs, err := s.Estimate(t.Context(), example.SQLite)
			if err != nil {
				t.Fatal(err)
			}
			estimated := len(fake.Journal())
			for _, c := range costs {
				estimated += int(c.Requests)
			}
			got := sortedRows(t, s, example.SQLite)
			if diff := cmp.Diff(want, got); diff != "" && table.Name != "bitbucket_rate_limit" {
				t.Errorf("rows without an estimate and after one (-without +after):\n%s", diff)
			}
			made := len(fake.Journal())
			if estimated > made+made/4+2 || made > estimated+estimated/4+2 && !slices.Contains(longer, table.Name) {
				t.Errorf("%d requests estimated and %d made: %v", estimated, made, costs)
			}
		})
	}
}

// serve opens a new connection to a fake as an assistant uses it.
func serve(t *testing.T, fake *fakebitbucket.Server) *served {
	t.Helper()
	c := bareConnection().Connection
	c.Config = fmt.Sprintf("base_url = %q\naccess_token = %q", fake.URL(), fake.AccessToken(fake.Organization().Connected.UUID))
	db, err := openDatabase([]sqlhost.Connection{c}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServed(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// sortedRows returns the rows of a statement, sorted.
func sortedRows(t *testing.T, s *served, sql string) (all []string) {
	t.Helper()
	rows, err := s.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		all = append(all, fmt.Sprint(rows.Values()...))
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	slices.Sort(all)
	return all
}
