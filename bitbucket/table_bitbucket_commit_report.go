package bitbucket

import (
	"context"
	"slices"
)

// tableCommitReport returns the table bitbucket_commit_report. A row is a report of Code Insights on a commit.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-reports/#api-repositories-workspace-repo-slug-commit-commit-reports-get
func tableCommitReport() *table {
	return &table{
		name:        "bitbucket_commit_report",
		description: "A report by a scanner, a test run or another analysis on a commit: the newest of each repository's main branch, or those that the query names by commit_hash. Without a hash it costs two requests for each repository.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("uuid", "Identifier of the report, in braces."),
			text("external_id", "Identifier of the report in the tool that made it."),
			timestamp("created_on", "When the report was created."),
			document("data", "Values that the report shows: a list of title, type and value."),
			text("details", "What the report is about."),
			text("link", "Address of the results in the tool that made the report."),
			text("logo_url", "Address of the tool's logo."),
			boolean("remote_link_enabled", "True if the commit's work item in Jira gets a link to the report."),
			text("report_type", "Kind of the report: SECURITY, COVERAGE, TEST or BUG."),
			text("reporter", "Tool or company that made the report."),
			text("result", "Result: PASSED, FAILED or PENDING."),
			text("title", "Title of the report."),
			text("type", "Type of the object: report."),
			timestamp("updated_on", "When the report was last changed."),
		}, ofCommitColumns()),
		keyColumns: ofCommitKeyColumns(),
		copying:    touched("uuid"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perCommit(ctx, func(ctx context.Context, c commitScope) rowSeq {
				return s.listIn(ctx, c, s.collection(c.path("/reports"), 100))
			})
		},
	}
}
