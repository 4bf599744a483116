package bitbucket

import (
	"context"
	"slices"
)

// tableDeployment returns the table bitbucket_deployment. A row is a deployment of a repository to an environment.
// https://developer.atlassian.com/cloud/bitbucket/rest/api-group-deployments/#api-repositories-workspace-repo-slug-deployments-get
func tableDeployment() *table {
	return &table{
		name:        "bitbucket_deployment",
		description: "A deployment of a release to an environment, by a step of a pipeline. It costs one request per repository and hundred deployments.",
		scopes:      []string{"account", "repository", "pipeline"},
		columns: slices.Concat([]column{
			text("uuid", "Immutable id of the deployment, in braces."),
			text("commit_hash", "Hash of the commit that is deployed.").at("commit.hash").at("release.commit.hash"),
			timestamp("completed_on", "When the deployment was completed. Null if it was not.").at("state.completed_on").at("state.completion_date"),
			text("deployer_display_name", "Name of the user who deployed. Null if Bitbucket does not report it.").at("state.deployer.display_name"),
			text("deployer_uuid", "Immutable id of the user who deployed, in braces. Null if Bitbucket does not report it.").at("state.deployer.uuid"),
			text("environment_name", "Name of the environment. Null if Bitbucket reports only its id.").at("environment.name"),
			text("environment_type", "Kind of the environment: Test, Staging or Production. Null if Bitbucket reports only its id.").at("environment.environment_type.name"),
			text("environment_uuid", "Immutable id of the environment, in braces.").at("environment.uuid"),
			text("key", "Key of the deployment: the key of its step."),
			timestamp("last_update_time", "When the deployment last changed. Null if it never started."),
			text("pipeline_uuid", "Immutable id of the pipeline that made the release, in braces.").at("release.pipeline.uuid").at("deployable.pipeline.uuid"),
			timestamp("release_created_on", "When the release was made.").at("release.created_on").at("deployable.created_on"),
			text("release_name", "Name of the release: the build number of its pipeline, as in #12.").at("release.name"),
			text("release_url", "Address of the pipeline that made the release, in the browser.").at("release.url"),
			text("release_uuid", "Immutable id of the release, in braces.").at("release.uuid"),
			timestamp("started_on", "When the deployment was started. Null if it was not.").at("state.started_on").at("state.start_date"),
			text("state_name", "State of the deployment: UNDEPLOYED, IN_PROGRESS or COMPLETED.").at("state.name"),
			text("state_status_name", "How a completed deployment ended: SUCCESSFUL, FAILED or STOPPED.").at("state.status.name"),
			text("state_url", "Address of the step that deploys, in the browser.").at("state.url"),
			text("step_uuid", "Immutable id of the step that deploys, in braces.").at("step.uuid"),
			text("title", "Title of the deployment: the name of its release.").at("release.name"),
			text("type", "Type of the object: deployment."),
			integer("version", "Number of changes of the deployment."),
		}, inRepositoryColumns()),
		keyColumns: append(inRepositoryKeyColumns(), named("uuid")),
		ids:        map[string]string{"uuid": ""},
		copying:    touched("uuid"),
		rows: func(ctx context.Context, s *scan) rowSeq {
			if uuids, ok := s.fewIDs("uuid"); ok {
				return s.perRepository(ctx, func(ctx context.Context, r repositoryScope) rowSeq {
					return s.getByID(ctx, r, "/deployments/{deployment_uuid}", uuids...)
				})
			}
			return s.perRepository(ctx, listBelow(s, "/deployments"))
		},
	}
}
