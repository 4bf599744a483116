package bitbucket

import "slices"

// tablePipelineSchedule returns the table bitbucket_pipeline_schedule. A row is a schedule that starts pipelines of a
// repository.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pipelines/#api-repositories-workspace-repo-slug-pipelines-config-schedules-get
func tablePipelineSchedule() *table {
	return &table{
		name:        "bitbucket_pipeline_schedule",
		description: "A schedule that starts pipelines of a repository at certain times.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("uuid", "Immutable id of the schedule, in braces."),
			timestamp("created_on", "When the schedule was created."),
			text("cron_pattern", "When pipelines are started, in UTC: seconds, minutes, hours, day of the month, month, day of the week and year."),
			boolean("enabled", "True if the schedule is enabled."),
			document("target", "What the pipelines run on."),
			text("target_commit_hash", "Hash of the commit that the pipelines run on, if the schedule names one.").at("target.commit.hash"),
			text("target_ref_name", "Branch that the pipelines run on.").at("target.ref_name"),
			text("target_ref_type", "What the pipelines run on: branch or tag.").at("target.ref_type"),
			text("target_selector_pattern", "Name or pattern of the definition in the configuration.").at("target.selector.pattern"),
			text("target_selector_type", "Section of the configuration that the definition is in: default, branches or custom.").at("target.selector.type"),
			text("title", "Title of the schedule: its pattern.").at("cron_pattern"),
			text("type", "Type of the object: pipeline_schedule."),
			timestamp("updated_on", "When the schedule was last changed."),
		}, inRepositoryColumns()),
		keyColumns: inRepositoryKeyColumns(),
		copying:    touched("uuid"),
		rows:       inRepositories("/pipelines_config/schedules"),
	}
}
