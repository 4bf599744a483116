package bitbucket

import (
	"context"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/api"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/jsontree"
)

// tablePipelineTestCase returns the table bitbucket_pipeline_test_case. A row is a test that failed in a step of a
// pipeline.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-pipeline-uuid-steps-step-uuid-test-reports-test-cases-get
func tablePipelineTestCase() *table {
	return &table{
		name:        "bitbucket_pipeline_test_case",
		description: "A test that failed in a step of a pipeline; Bitbucket does not list tests that passed or were skipped. It costs one request for each pipeline and each started step: limit the pipelines, for example by pipeline_created_on.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("uuid", "Immutable id of the test case, in braces."),
			text("name", "Name of the test."),
		}, ofStepColumns(), []column{
			text("class_name", "Class that the test is in."),
			text("duration", "Duration of the test in ISO 8601, as in PT0.958S."),
			text("fully_qualified_name", "Name of the test with the name of its class."),
			text("message", "Message of the test when it failed.").at("reason.message"),
			document("reasons", "Output of the test when it failed, such as a stack trace. Costs one more request for each test.").in(detailPart, "@this"),
			text("status", "How the test ended, such as FAILED or ERROR."),
			text("title", "Title of the test: its name.").at("name"),
		}, inRepositoryColumns()),
		keyColumns: slices.Concat(inRepositoryKeyColumns(), ofPipelineKeyColumns(), []keyColumn{named("step_uuid")}),
		copying:    ofPipeline("step_uuid", "uuid"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			s.wanted["uuid"] = true
			return s.perStep(ctx, func(ctx context.Context, of stepScope) rowSeq {
				cases := s.listIn(ctx, of, s.collection(of.path("/test_reports/test_cases"), 100))
				if !s.needsPart(detailPart) {
					return cases
				}
				return s.completed(ctx, cases, func(ctx context.Context, r *row) error {
					uuid := r.part(objectPart).Get("uuid").String()
					reasons, err := readAll(ctx, s.connection, of.path("/test_reports/test_cases/{test_case_uuid}/test_case_reasons", uuid))
					r.set(detailPart, reasons)
					return err
				})
			})
		},
	}
}

// readAll reads one collection into a JSON array.
func readAll(ctx context.Context, c *connection, path string) (jsontree.Value, error) {
	var items []string
	for item, err := range c.List(ctx, api.List{Path: path, PageLen: 100}) {
		if err != nil {
			return jsontree.Value{}, err
		}
		items = append(items, item.Raw())
	}
	return jsontree.MustParse("[" + strings.Join(items, ",") + "]"), nil
}
