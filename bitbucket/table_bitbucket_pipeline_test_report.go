package bitbucket

import (
	"context"
	"slices"
)

// tablePipelineTestReport: a row counts the tests that a step of a pipeline reported.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-pipeline-uuid-steps-step-uuid-test-reports-get
func tablePipelineTestReport() *table {
	return &table{
		name:        "bitbucket_pipeline_test_report",
		description: "How many tests a step of a pipeline ran, and how they ended; steps that reported none have no row. It costs a request for each step that was started and one for each pipeline: say which pipelines, as by pipeline_created_on.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat(ofStepColumns(), []column{
			integer("number_of_error_test_cases", "Tests that could not be run to their end."),
			integer("number_of_failed_test_cases", "Tests that failed."),
			integer("number_of_skipped_test_cases", "Tests that were skipped."),
			integer("number_of_successful_test_cases", "Tests that passed."),
			integer("number_of_test_cases", "All tests."),
			text("title", "Title of the report: the name of the step, or its id if it has none.").in(stepPart, "name").in(stepPart, "uuid"),
		}, inRepositoryColumns()),
		keyColumns: slices.Concat(inRepositoryKeyColumns(), ofPipelineKeyColumns(), []keyColumn{named("step_uuid")}),
		rows: func(ctx context.Context, s *scan) rowSeq {
			s.wanted["number_of_test_cases"] = true
			return s.perStep(ctx, func(ctx context.Context, of stepScope) rowSeq {
				return s.getOne(ctx, of, "/test_reports")
			})
		},
	}
}

// ofStepColumns say which step of which pipeline something belongs to.
func ofStepColumns() []column {
	return slices.Concat([]column{
		text("step_uuid", "Immutable id of the step, in braces.").in(stepPart, "uuid"),
		text("step_name", "Name of the step. Null if the configuration gives it none.").in(stepPart, "name"),
	}, ofPipelineColumns())
}
