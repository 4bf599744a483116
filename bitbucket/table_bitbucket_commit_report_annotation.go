package bitbucket

import (
	"context"
	"iter"
	"slices"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tableCommitReportAnnotation returns the table bitbucket_commit_report_annotation. A row is one finding of a report of
// Code Insights.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-reports/#api-repositories-workspace-repo-slug-commit-commit-reports-reportid-annotations-get
func tableCommitReportAnnotation() *table {
	return &table{
		name:        "bitbucket_commit_report_annotation",
		description: "One finding of a report on a commit: the newest of each repository's main branch, or those that the query names by commit_hash. It costs one request for each report that the query does not rule out, in addition to those of bitbucket_commit_report.",
		scopes:      []string{"account", "repository"},
		columns: slices.Concat([]column{
			text("uuid", "Identifier of the finding, in braces."),
			text("external_id", "Identifier of the finding in the tool that made the report."),
			text("annotation_type", "Kind of the finding: VULNERABILITY, CODE_SMELL or BUG."),
			timestamp("created_on", "When the finding was reported."),
			text("details", "More about the finding."),
			integer("line", "Line of the file that the finding is in."),
			text("link", "Address of the finding in the tool that made the report."),
			text("path", "File that the finding is in. Null if it is not in a file."),
			text("report_external_id", "Identifier of the report in the tool that made it.").in(parentPart, "external_id"),
			text("report_result", "Result of the report: PASSED, FAILED or PENDING.").in(parentPart, "result"),
			text("report_title", "Title of the report.").in(parentPart, "title"),
			text("report_type", "Kind of the report: SECURITY, COVERAGE, TEST or BUG.").in(parentPart, "report_type"),
			text("report_uuid", "Identifier of the report, in braces.").in(parentPart, "uuid"),
			text("reporter", "Tool or company that made the report.").in(parentPart, "reporter"),
			text("result", "Result: PASSED, FAILED, SKIPPED or IGNORED."),
			text("severity", "Severity: CRITICAL, HIGH, MEDIUM or LOW."),
			text("summary", "What was found."),
			text("title", "Title of the finding: what was found.").at("summary"),
			text("type", "Type of the object: report_annotation."),
			timestamp("updated_on", "When the finding was last changed."),
		}, ofCommitColumns()),
		keyColumns: append(ofCommitKeyColumns(),
			keyColumn{column: "report_external_id", operators: textOperators},
			keyColumn{column: "report_result", operators: equalOperators},
			keyColumn{column: "report_title", operators: textOperators},
			keyColumn{column: "report_type", operators: equalOperators},
			keyColumn{column: "report_uuid", operators: nameOperators},
			keyColumn{column: "reporter", operators: textOperators},
		),
		copying: touched("uuid"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perCommit(ctx, func(ctx context.Context, c commitScope) rowSeq {
				return combine(ctx, s, c.reports(ctx, s), func(ctx context.Context, r reportScope) rowSeq {
					return s.listIn(ctx, r, s.collection(r.path("/reports/{report_id}/annotations", r.report.Get("uuid").String()), 100))
				})
			})
		},
	}
}

// A reportScope is a report that a scan covers, for the table of its findings.
type reportScope struct {
	commitScope
	report jsontree.Value
}

// row returns the row of a finding of the report.
func (r reportScope) row(item jsontree.Value) *row {
	made := r.commitScope.row(item)
	made.set(parentPart, r.report)
	return made
}

// reports lists the reports on a commit whose findings the query may want.
func (c commitScope) reports(ctx context.Context, s *scan) iter.Seq2[reportScope, error] {
	l := api.List{Path: c.path("/reports"), Fields: append(s.fields(parentPart), "uuid"), PageLen: 100}
	return func(yield func(reportScope, error) bool) {
		for item, err := range s.List(ctx, l) {
			r := reportScope{c, item}
			if err == nil && !s.accepts(r.row(jsontree.Value{})) { // all conditions are on the report or its parents
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
