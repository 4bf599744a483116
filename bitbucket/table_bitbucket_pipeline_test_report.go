package bitbucket

import (
	"context"
	"slices"
)

// tablePipelineTestReport returns the table bitbucket_pipeline_test_report. A row is the test report of a step of a
// pipeline, with the numbers of its tests.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-pipeline-uuid-steps-step-uuid-test-reports-get
func tablePipelineTestReport() *table {
	return &table{
		name:        "bitbucket_pipeline_test_report",
		description: "The test report of a step of a pipeline: how many tests it ran, and their results. A step without a report has no row. It costs one request for each pipeline and each started step: limit the pipelines, for example by pipeline_created_on.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat(ofStepColumns(), []column{
			integer("number_of_error_test_cases", "Number of tests that ended in an error."),
			integer("number_of_failed_test_cases", "Number of tests that failed."),
			integer("number_of_skipped_test_cases", "Number of tests that were skipped."),
			integer("number_of_successful_test_cases", "Number of tests that passed."),
			integer("number_of_test_cases", "Number of all tests."),
			text("title", "Title of the report: the name of the step, or its id if it has none.").in(stepPart, "name").in(stepPart, "uuid"),
		}, inRepositoryColumns()),
		keyColumns: slices.Concat(inRepositoryKeyColumns(), ofPipelineKeyColumns(), []keyColumn{named("step_uuid")}),
		copying:    ofPipeline("step_uuid"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			s.wanted["number_of_test_cases"] = true
			return s.perStep(ctx, func(ctx context.Context, of stepScope) rowSeq {
				return s.getOne(ctx, of, "/test_reports")
			})
		},
	}
}

// ofStepColumns returns the columns that show the step, and the pipeline, of an object.
func ofStepColumns() []column {
	return slices.Concat([]column{
		text("step_uuid", "Immutable id of the step, in braces.").in(stepPart, "uuid"),
		text("step_name", "Name of the step. Null if it has none in the configuration.").in(stepPart, "name"),
	}, ofPipelineColumns())
}
