package bitbucket

import (
	"context"
	"slices"
)

// tablePipeline returns the table bitbucket_pipeline. A row is a pipeline of a repository: one run of a definition in
// its configuration.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-get
func tablePipeline() *table {
	return &table{
		name:        "bitbucket_pipeline",
		description: "A pipeline: one run of a definition in a repository's configuration. It costs one request per repository and hundred pipelines; with conditions on created_on it stops at the first pipeline outside of their range.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("uuid", "Immutable id of the pipeline, in braces."),
			integer("build_number", "Number of the pipeline, counted within its repository."),
			integer("build_seconds_used", "Seconds of build time charged for the pipeline."),
			timestamp("completed_on", "When the pipeline was completed. Null if it was not."),
			document("configuration_sources", "Sources of the pipeline's configuration. Null if Bitbucket does not report them."),
			timestamp("created_on", "When the pipeline was created.").sorted("created_on"),
			text("creator_account_id", "Atlassian account id of the account that started the pipeline.").at("creator.account_id"),
			text("creator_display_name", "Name of the account that started the pipeline.").at("creator.display_name"),
			text("creator_nickname", "Name that the account that started the pipeline chose; not unique.").at("creator.nickname"),
			text("creator_type", "Type of the account that started the pipeline: user, app_user or team.").at("creator.type"),
			text("creator_uuid", "Immutable id of the account that started the pipeline, in braces. Null if Bitbucket does not report it.").at("creator.uuid"),
			integer("duration_in_seconds", "Seconds that the pipeline took."),
			text("error_key", "Kind of the error that kept the pipeline from running, for the result ERROR.").at("state.result.error.key"),
			text("error_message", "The error that kept the pipeline from running, for the result ERROR.").at("state.result.error.message"),
			boolean("expired", "True if Bitbucket considers the pipeline expired, because it is old."),
			boolean("first_successful", "True for the first successful pipeline of the repository."),
			boolean("has_variables", "True if the pipeline was started with variables. Null if Bitbucket does not report it."),
			text("result_name", "How a completed pipeline ended: SUCCESSFUL, FAILED, ERROR, STOPPED or EXPIRED. Null if it is not completed.").at("state.result.name"),
			integer("run_number", "Number of runs of the pipeline."),
			text("stage_name", "Stage of a pipeline that is not completed: RUNNING, PAUSED (waits for somebody), HALTED, PENDING or PARSING. Null if Bitbucket does not report it.").at("state.stage.name"),
			document("state", "State of the pipeline, with its result or its stage."),
			text("state_name", "State of the pipeline: PENDING, IN_PROGRESS or COMPLETED.").at("state.name"),
			document("target", "What the pipeline ran on."),
			text("target_commit_hash", "Hash of the commit that the pipeline ran on.").at("target.commit.hash"),
			text("target_destination", "Destination branch of the pull request, for a pipeline of a pull request.").at("target.destination"),
			integer("target_pullrequest_id", "Number of the pull request, for a pipeline of a pull request.").at("target.pullrequest.id"),
			text("target_ref_name", "Branch or tag that the pipeline ran on. Null for pipelines of a pull request, or of a single commit.").at("target.ref_name"),
			text("target_ref_type", "What the pipeline ran on: branch or tag. Null for pipelines of a pull request, or of a single commit.").at("target.ref_type"),
			text("target_selector_pattern", "Name or pattern of the definition in the configuration.").at("target.selector.pattern"),
			text("target_selector_type", "Section of the configuration that the definition is in: default, branches, tags, pull-requests or custom.").at("target.selector.type"),
			text("target_source", "Source branch of the pull request, for a pipeline of a pull request.").at("target.source"),
			text("target_type", "Kind of target: pipeline_ref_target, pipeline_pullrequest_target or pipeline_commit_target.").at("target.type"),
			text("terminator_display_name", "Name of the account that stopped the pipeline.").at("state.result.terminator.display_name"),
			text("terminator_uuid", "Immutable id of the account that stopped the pipeline, in braces.").at("state.result.terminator.uuid"),
			text("title", "Title of the pipeline: its build number.").at("build_number"),
			text("trigger_name", "What started the pipeline: PUSH, MANUAL or SCHEDULE.").at("trigger.name"),
			text("trigger_type", "Type of the trigger: pipeline_trigger_push, pipeline_trigger_manual or another.").at("trigger.type"),
			text("type", "Type of the object: pipeline."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(),
			named("uuid"),
			named("build_number"),
			keyColumn{column: "created_on", operators: orderOperators},
			named("creator_uuid"),
			named("result_name"),
			named("stage_name"),
			named("state_name"),
			named("target_commit_hash"),
			named("target_ref_name"),
			named("target_ref_type"),
			named("target_selector_type"),
			named("trigger_name"),
			named("trigger_type"),
		),
		ids:     map[string]string{"uuid": "", "build_number": "repository_full_name"},
		copying: changedSince("created_on", "uuid").unfinished("completed_on"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				return r.pipelineRows(ctx, s, s.pipelineList(r))
			})
		},
	}
}
