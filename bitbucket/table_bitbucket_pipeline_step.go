package bitbucket

import (
	"context"
	"slices"
)

// tablePipelineStep returns the table bitbucket_pipeline_step. A row is a step of a pipeline.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-pipeline-uuid-steps-get
func tablePipelineStep() *table {
	return &table{
		name:        "bitbucket_pipeline_step",
		description: "A step of a pipeline. It costs one request for each pipeline, in addition to those for the list of pipelines. Without conditions, for example on pipeline_created_on, these are all pipelines ever.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("uuid", "Immutable id of the step, in braces."),
			text("name", "Name of the step. Null if it has none in the configuration."),
		}, ofPipelineColumns(), []column{
			integer("build_seconds_used", "Seconds of build time charged for the step."),
			timestamp("completed_on", "When the step was completed. Null if it was not."),
			integer("duration_in_seconds", "Seconds that the step took."),
			text("error_key", "Kind of the error that kept the step from running, for the result ERROR.").at("state.result.error.key"),
			text("error_message", "The error that kept the step from running, for the result ERROR.").at("state.result.error.message"),
			text("image_name", "Docker image that the step ran in.").at("image.name"),
			integer("max_time", "Minutes after which the step is stopped.").at("maxTime").at("max_time"),
			text("result_name", "How a completed step ended: SUCCESSFUL, FAILED, ERROR, STOPPED, EXPIRED or NOT_RUN. Null if it is not completed.").at("state.result.name"),
			integer("run_number", "Number of runs of the step."),
			document("script_commands", "Commands of the step itself."),
			document("setup_commands", "Commands that Bitbucket ran to set up the step, for example to clone the repository."),
			text("stage_name", "Stage of a step that is not completed; PAUSED waits for somebody. Null if Bitbucket does not report it.").at("state.stage.name"),
			timestamp("started_on", "When the step was started. Null if it was not."),
			document("state", "State of the step, with its result or its stage."),
			text("state_name", "State of the step: PENDING, READY, IN_PROGRESS or COMPLETED.").at("state.name"),
			document("teardown_commands", "Commands that Bitbucket ran after the step."),
			text("title", "Title of the step: its name, or its id if it has none.").at("name").at("uuid"),
			text("trigger_type", "How the step is started: pipeline_step_trigger_automatic or pipeline_step_trigger_manual.").at("trigger.type"),
			text("type", "Type of the object: pipeline_step."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), ofPipelineKeyColumns()...),
		copying:    ofPipeline("uuid"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perPipeline(ctx, func(ctx context.Context, p childScope) rowSeq {
				return s.listIn(ctx, p, s.collection(p.path("/steps"), 0))
			})
		},
	}
}

// ofPipelineColumns returns the columns that show the pipeline of an object.
func ofPipelineColumns() []column {
	return []column{
		text("pipeline_uuid", "Immutable id of the pipeline, in braces.").in(parentPart, "uuid"),
		integer("build_number", "Number of the pipeline, counted within its repository.").in(parentPart, "build_number"),
		timestamp("pipeline_created_on", "When the pipeline was created.").in(parentPart, "created_on"),
		text("pipeline_result_name", "How the pipeline ended: SUCCESSFUL, FAILED, ERROR, STOPPED or EXPIRED. Null if it is not completed.").in(parentPart, "state.result.name"),
		text("pipeline_target_ref_name", "Branch or tag that the pipeline ran on. Null for pipelines of a pull request, or of a single commit.").in(parentPart, "target.ref_name"),
	}
}

// ofPipelineKeyColumns returns the key columns by which a query selects pipelines.
func ofPipelineKeyColumns() []keyColumn {
	return []keyColumn{
		named("pipeline_uuid"), named("build_number"), {column: "pipeline_created_on", operators: orderOperators},
		named("pipeline_result_name"), named("pipeline_target_ref_name"),
	}
}
