package bitbucket

import (
	"context"
	"slices"
)

// tableDeployment: a row is a deployment of a repository to an environment.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-repositories-workspace-repo-slug-deployments-get
func tableDeployment() *table {
	return &table{
		name:        "bitbucket_deployment",
		description: "A deployment of a release to an environment, by a step of a pipeline. It costs a request for each repository and hundred deployments.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("uuid", "Immutable id of the deployment, in braces."),
			text("commit_hash", "Hash of the commit that is deployed.").at("commit.hash").at("release.commit.hash"),
			timestamp("completed_on", "When the deployment was completed. Null for one that is not.").at("state.completed_on").at("state.completion_date"),
			text("deployer_display_name", "Name of whoever deployed, if Bitbucket tells.").at("state.deployer.display_name"),
			text("deployer_uuid", "Immutable id of whoever deployed, in braces, if Bitbucket tells.").at("state.deployer.uuid"),
			text("environment_name", "Name of the environment, if Bitbucket tells more than its id.").at("environment.name"),
			text("environment_type", "Kind of the environment: Test, Staging or Production, if Bitbucket tells more than its id.").at("environment.environment_type.name"),
			text("environment_uuid", "Immutable id of the environment, in braces.").at("environment.uuid"),
			text("key", "Key of the deployment: that of its step."),
			timestamp("last_update_time", "When the deployment last changed. Null for one that never began."),
			text("pipeline_uuid", "Immutable id of the pipeline that made the release, in braces.").at("release.pipeline.uuid").at("deployable.pipeline.uuid"),
			timestamp("release_created_on", "When the release was made.").at("release.created_on").at("deployable.created_on"),
			text("release_name", "Name of the release: the build number of its pipeline, as in #12.").at("release.name"),
			text("release_url", "Address of the pipeline that made the release, in the browser.").at("release.url"),
			text("release_uuid", "Immutable id of the release, in braces.").at("release.uuid"),
			timestamp("started_on", "When the deployment was started. Null for one that was not.").at("state.started_on").at("state.start_date"),
			text("state_name", "State of the deployment: UNDEPLOYED, IN_PROGRESS or COMPLETED.").at("state.name"),
			text("state_status_name", "How a completed deployment ended: SUCCESSFUL, FAILED or STOPPED.").at("state.status.name"),
			text("state_url", "Address of the step that deploys, in the browser.").at("state.url"),
			text("step_uuid", "Immutable id of the step that deploys, in braces.").at("step.uuid"),
			text("title", "Title of the deployment: the name of its release.").at("release.name"),
			text("type", "Type of the object: deployment."),
			integer("version", "How many times the deployment has changed."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("uuid")),
		ids:        map[string]string{"uuid": ""},
		rows: func(ctx context.Context, s *scan) rowSeq {
			if uuids, ok := s.fewIDs("uuid"); ok {
				return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
					return s.getByID(ctx, r, "/deployments/{deployment_uuid}", uuids...)
				})
			}
			return s.perRepository(ctx, s.listBelow("/deployments"))
		},
	}
}
