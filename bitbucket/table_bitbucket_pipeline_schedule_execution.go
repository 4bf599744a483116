package bitbucket

import (
	"context"
	"slices"
)

// tablePipelineScheduleExecution returns the table bitbucket_pipeline_schedule_execution. A row is an execution of a
// schedule, which started a pipeline or failed to.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-schedules-schedule-uuid-executions-get
func tablePipelineScheduleExecution() *table {
	return &table{
		name:        "bitbucket_pipeline_schedule_execution",
		description: "A pipeline that a schedule started, or the error if it could not. It costs one request per repository, and one per schedule and hundred executions.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("schedule_uuid", "Immutable id of the schedule, in braces.").in(parentPart, "uuid"),
			positionColumn("Position of the execution among those of the schedule, from 1, as Bitbucket lists them."),
			text("pipeline_uuid", "Immutable id of the pipeline that was started, in braces. Null if none was started.").at("pipeline.uuid"),
			text("error_key", "Kind of the error, if no pipeline was started.").at("error.key"),
			text("error_message", "The error, if no pipeline was started.").at("error.message"),
			text("schedule_cron_pattern", "When the schedule starts pipelines, in UTC.").in(parentPart, "cron_pattern"),
			boolean("schedule_enabled", "True if the schedule is enabled.").in(parentPart, "enabled"),
			text("title", "Title of the execution: the id of the pipeline, or the kind of the error.").at("pipeline.uuid").at("error.key"),
			text("type", "What happened: pipeline_schedule_execution_executed or pipeline_schedule_execution_errored."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("schedule_uuid"), keyColumn{column: "schedule_enabled", operators: equalOperators}),
		copying:    touched("schedule_uuid", "number"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
				const schedules = "/pipelines_config/schedules"
				return s.perChild(ctx, r, schedules, schedules+"/{schedule_uuid}", func(ctx context.Context, of childScope) rowSeq {
					return s.accepted(numbered(s.rowsIn(ctx, of, s.collection(of.path("/executions"), 100))))
				})
			})
		},
	}
}
