// Package bitbucket is a Steampipe plugin for Bitbucket Cloud: its SQL tables show what the connected user can see
// there and may do.
//
// A table is declared as data in a file of its own, table_bitbucket_<name>.go. The file reads like documentation: what
// a row is, the columns with their places in Bitbucket's answer, the conditions that Bitbucket supports, and how the
// rows are read. table.go makes a Steampipe table of it, with the help of column.go, filter.go, order.go and scan.go.
package bitbucket

// Version, Commit and Date identify a build. The release build sets them.
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
