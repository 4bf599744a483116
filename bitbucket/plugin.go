// Package bitbucket is a Steampipe plugin for Bitbucket Cloud: it shows as SQL tables what the connected user can see
// there, and what the user may do.
//
// A table is declared as data in a file of its own, table_bitbucket_<name>.go, which reads from top to bottom as its
// documentation: what a row is, its columns with the place of each in Bitbucket's answer, the conditions that Bitbucket
// can answer, and how the rows are read. table.go makes a Steampipe table of that, with what column.go, filter.go,
// order.go and scan.go have.
package bitbucket

import (
	"context"

	"github.com/turbot/steampipe-plugin-sdk/v5/plugin"
)

// Version, Commit and Date tell one build from another. The release build sets them.
var (
	Version = "0.1.0-dev"
	Commit  = "unknown"
	Date    = "unknown"
)

const pluginName = "steampipe-plugin-bitbucket"

// tables are all tables of the plugin.
var tables = []*table{
	tableBranch(),
	tableBranchRestriction(),
	tableBranchingModel(),
	tableCommit(),
	tableCommitComment(),
	tableCommitFile(),
	tableCommitReport(),
	tableCommitReportAnnotation(),
	tableCommitStatus(),
	tableConnection(),
	tableDefaultReviewer(),
	tableDeployKey(),
	tableDeployment(),
	tableDeploymentEnvironment(),
	tableDeploymentVariable(),
	tableDownload(),
	tableFork(),
	tableGroup(),
	tableGroupMember(),
	tableMyEmail(),
	tableMyGPGKey(),
	tableMyRepository(),
	tableMySSHKey(),
	tableMyWorkspace(),
	tableOmission(),
	tablePipeline(),
	tablePipelineCache(),
	tablePipelineConfig(),
	tablePipelineSchedule(),
	tablePipelineScheduleExecution(),
	tablePipelineSSHKey(),
	tablePipelineSSHKnownHost(),
	tablePipelineStep(),
	tablePipelineTestCase(),
	tablePipelineTestReport(),
	tableProject(),
	tableProjectBranchingModel(),
	tableProjectDefaultReviewer(),
	tableProjectDeployKey(),
	tableProjectGroupPermission(),
	tableProjectUserPermission(),
	tablePullRequest(),
	tablePullRequestActivity(),
	tablePullRequestComment(),
	tablePullRequestCommit(),
	tablePullRequestFile(),
	tablePullRequestMergeCheck(),
	tablePullRequestParticipant(),
	tablePullRequestStatus(),
	tablePullRequestTask(),
	tableRateLimit(),
	tableRepository(),
	tableRepositoryAccess(),
	tableRepositoryGroupPermission(),
	tableRepositoryOverride(),
	tableRepositoryPermission(),
	tableRepositoryRunner(),
	tableRepositoryUserPermission(),
	tableRepositoryVariable(),
	tableRepositoryWatcher(),
	tableSnippet(),
	tableSnippetComment(),
	tableSnippetCommit(),
	tableSourceFile(),
	tableTag(),
	tableUser(),
	tableWebhook(),
	tableWebhookEvent(),
	tableWorkspace(),
	tableWorkspaceGPGKey(),
	tableWorkspaceMember(),
	tableWorkspaceOIDCProvider(),
	tableWorkspaceRunner(),
	tableWorkspaceVariable(),
	tableWorkspaceWebhook(),
}

// Plugin describes the plugin to the Steampipe SDK.
func Plugin(context.Context) *plugin.Plugin {
	return &plugin.Plugin{
		Name: pluginName,
		ConnectionConfigSchema: &plugin.ConnectionConfigSchema{
			NewInstance: func() any { return &rawConfig{} },
		},
		// The SDK writes into the tables whenever it sets up connections. Were they the same each time, a scan that goes on
		// meanwhile would read what is written, which ends the process.
		TableMapFunc: func(context.Context, *plugin.TableMapData) (map[string]*plugin.Table, error) {
			all := map[string]*plugin.Table{}
			for _, t := range tables {
				all[t.name] = t.plugin()
			}
			return all, nil
		},
	}
}
