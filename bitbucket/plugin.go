// Package bitbucket is a Steampipe plugin for Bitbucket Cloud: it shows as SQL tables what the connected user can see
// there, and what the user may do.
//
// A table is declared as data in a file of its own, table_bitbucket_<name>.go, which reads from top to bottom as its
// documentation: what a row is, its columns with the place of each in Bitbucket's answer, the conditions that Bitbucket
// can answer, and how the rows are read. table.go makes a Steampipe table of that, with what column.go, filter.go,
// order.go and scan.go have.
package bitbucket

// Version, Commit and Date tell one build from another. The release build sets them.
var (
	Version = "0.1.0-dev"
	Commit  = "unknown"
	Date    = "unknown"
)

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
