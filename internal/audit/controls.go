package audit

// What rules for the main branch can't be judged by, and what is looked at instead.
const (
	ownRules    = "Judged are the repository's own rules: Bitbucket has no API for those that its project carries."
	mergeChecks = " Where a pull request into the main branch is open, its merge checks show what is in force, whoever set it."
)

// Controls are all of them, in the order of the benchmarks.
var Controls = []*Control{
	{
		Name: "connected_account_repository", Title: "The connected account was granted on each repository just what it needs",
		Risk:     "Whoever gets hold of the connected account's token can do all that the account may. What it was granted beyond its need is risk without use, and what it was granted below it is missing in the audit.",
		Remedy:   "Grant the account the permission that it needs on the repositories that it needs, in the repositories' settings under Repository permissions, and revoke the rest. The variables needed_permission and needed_repositories say what it needs.",
		Severity: "high", Service: "Access",
		Population: []*Area{granted}, Subject: "permissions", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "connected_account_workspace", Title: "The connected account administers only workspaces that it is meant to",
		Risk:     "An administrator of a workspace can change every repository, group and member of it, and so can whoever gets hold of that account's token.",
		Remedy:   "Make the account a plain member of the workspace, and grant it repositories. If it has to administer the workspace, for the sake of groups and members, name that in the variable administered_workspaces.",
		Severity: "high", Service: "Access",
		Population: []*Area{workspaces}, Subject: "roles", Dimensions: []string{"workspace"},
	},
	{
		Name: "access_direct_beside_group", Title: "Nobody was granted in person what a group gives",
		Risk:     "A grant in person stays when somebody leaves the group: access then outlives the reason for it.",
		Remedy:   "Revoke the grant in person, in the permissions of the repository or its project, where the group's is enough; else raise the group's.",
		Severity: "medium", Service: "Access",
		Population: []*Area{accessed}, Subject: "grants in person", Dimensions: []string{"workspace", "repository", "user_name"},
	},
	{
		Name: "access_outsider", Title: "Only members of the workspace, and trusted others, have access to its repositories",
		Risk:     "Those who are no members are seen in no list of members: nobody takes their access away when it is not needed any more.",
		Remedy:   "Invite them to the workspace, or revoke their grants. Those who are known and allowed can be named in the variable trusted_outsiders.",
		Severity: "high", Service: "Access",
		Population: []*Area{accessed}, Subject: "users with access", Dimensions: []string{"workspace", "user_name"},
	},
	{
		Name: "access_unexplained", Title: "Grants that Bitbucket shows explain all access",
		Risk:     "Access by something that Bitbucket's API does not show, such as an app or a role in the organization, escapes reviews of grants.",
		Remedy:   "Find out what lets the named users in: look at the installed apps of the workspace, and at the organization in admin.atlassian.com.",
		Severity: "medium", Service: "Access",
		Population: []*Area{accessed}, Subject: "users with access", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "workspace_administrators", Title: "A workspace has more than one administrator, and few",
		Risk:     "With a single administrator, nobody can act when that one is away; with many, each account that falls into wrong hands opens the whole workspace.",
		Remedy:   "Appoint a second administrator, or make some of them plain members, in the settings of the workspace. The variables min_workspace_administrators and max_workspace_administrators are the limits.",
		Severity: "high", Service: "Workspace",
		Population: []*Area{workspaces}, Subject: "members", Dimensions: []string{"workspace"},
	},
	{
		Name: "repository_administrators", Title: "A repository has more than one administrator, and few",
		Risk:     "With a single administrator, nobody can act when that one is away; many can change its rules, and delete it.",
		Remedy:   "Grant admin to a second person, or less than admin to some. The variables min_repository_administrators and max_repository_administrators are the limits.",
		Severity: "medium", Service: "Repository",
		Population: []*Area{accessed}, Subject: "users with access", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "repository_trusted_administrators", Title: "Only trusted users can delete a repository",
		Risk:     "Whoever administers a repository can delete it, with all its pull requests and pipelines.",
		Remedy:   "Grant write in place of admin, or name those who are trusted in the variable trusted_administrators. Administrators of the workspace are trusted.",
		Severity: "medium", Service: "Repository",
		Population: []*Area{accessed}, Subject: "users with access", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "group_write_access", Title: "No group may write to a large part of the repositories",
		Risk:     "One account of a group that may write nearly everywhere is enough to change nearly everything.",
		Remedy:   "Split the group, or grant it write on the repositories that its members work on, and read on others. The variable max_group_write_percent is the limit.",
		Severity: "medium", Service: "Group",
		Population: []*Area{administeredWorkspaces}, Subject: "groups", Dimensions: []string{"workspace", "group_slug"},
	},
	{
		Name: "group_default_permission", Title: "No group may write to each new repository",
		Risk:     "A group that is granted write or admin on each new repository gets access that nobody decided on.",
		Remedy:   "Set the default access of the group to none or read, in the settings of the workspace under User groups.",
		Severity: "medium", Service: "Group",
		Population: []*Area{administeredWorkspaces}, Subject: "groups", Dimensions: []string{"workspace", "group_slug"},
	},
	{
		Name: "member_inactive", Title: "Members use the workspace",
		Risk:     "An account that nobody uses is one whose loss nobody notices.",
		Remedy:   "Ask those who were not seen for long whether they still need access, and remove them from the workspace if not. The variable inactive_member_days is the limit.",
		Severity: "medium", Service: "Workspace",
		Population: []*Area{workspaces}, Subject: "members", Dimensions: []string{"workspace", "user_name"},
	},
	{
		Name: "deploy_key_unused", Title: "Deploy keys are used",
		Risk:     "A key that nobody uses still opens the repository, for whoever has its private half.",
		Remedy:   "Delete the key, in the settings of the repository or project under Access keys. The variable unused_key_days is the limit.",
		Severity: "medium", Service: "Access",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "deploy keys", Dimensions: []string{"workspace", "project", "repository"},
	},
	{
		Name: "deploy_key_old", Title: "Deploy keys are replaced from time to time",
		Risk:     "The older a key, the more machines and backups have held its private half.",
		Remedy:   "Make a new pair of keys, add its public half, and delete the old key. The variable old_key_days is the limit.",
		Severity: "low", Service: "Access",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "deploy keys", Dimensions: []string{"workspace", "project", "repository"},
	},
	{
		Name: "webhook_certificate", Title: "Webhooks are sent encrypted, to a receiver whose certificate is checked",
		Risk:     "What a webhook tells of the repository can be read, and its receiver be replaced, by whoever stands between.",
		Remedy:   "Give the receiver a valid certificate, and have the webhook's address begin with https and its certificate checked.",
		Severity: "high", Service: "Webhook",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "webhooks", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "webhook_secret", Title: "Webhooks are signed with a secret",
		Risk:     "Without a signature the receiver can not tell a webhook from a forgery, and may build or deploy what an attacker likes.",
		Remedy:   "Give the webhook a secret, and have its receiver check the signature.",
		Severity: "medium", Service: "Webhook",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "webhooks", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "variable_secured", Title: "Variables of pipelines that hold secrets are secured",
		Risk:     "Whoever may see the variable reads its value, and the logs of pipelines show it.",
		Remedy:   "Replace the secret, for it may have been read, and keep the new one in a secured variable. The variable secret_names has the patterns of names by which secrets are known.",
		Severity: "high", Service: "Pipeline",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "variables", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_approvals", Title: "A pull request needs approvals before it is merged into the main branch",
		Risk:     "Without a second pair of eyes a mistake, or an attacker with one account, reaches the main branch.",
		Remedy:   "Add the merge check \"Minimum number of approvals\" to the main branch, in the branch restrictions of the repository, and enforce merge checks. The variable min_approvals is the number.",
		Severity: "high", Service: "Branch",
		Caveat:     ownRules + mergeChecks,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_stale_approvals", Title: "Changes to a pull request dismiss its approvals",
		Risk:     "What is added after the approval is merged without anybody having seen it.",
		Remedy:   "Switch on \"Reset approvals when the source branch is modified\" for the main branch.",
		Severity: "medium", Service: "Branch",
		Caveat:     ownRules,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_builds", Title: "A pull request needs passing builds before it is merged into the main branch",
		Risk:     "Code that does not build, or fails its tests and scans, reaches the main branch.",
		Remedy:   "Add the merge check \"Minimum number of successful builds\" to the main branch, and enforce merge checks.",
		Severity: "high", Service: "Branch",
		Caveat:     ownRules + mergeChecks,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_up_to_date", Title: "A branch must be up to date before it is merged into the main branch",
		Risk:     "Checks that passed on an old state say nothing of the state after the merge.",
		Remedy:   "Add the merge check on commits behind the destination to the main branch, and enforce merge checks.",
		Severity: "low", Service: "Branch",
		Caveat:     ownRules + mergeChecks,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_comments", Title: "Comments must be resolved before a pull request is merged into the main branch",
		Risk:     "Doubts of reviewers are merged with what they are about.",
		Remedy:   "Add the merge checks \"No unresolved pull request comments\" and \"No unresolved pull request tasks\" to the main branch, and enforce merge checks.",
		Severity: "low", Service: "Branch",
		Caveat:     ownRules + mergeChecks,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_administrators", Title: "The rules for the main branch bind administrators too",
		Risk:     "An administrator whom the rules exempt can push what nobody reviewed.",
		Remedy:   "Limit pushes to the main branch, and take administrators, and groups that administer, off the lists of those who may push to it and merge into it.",
		Severity: "medium", Service: "Branch",
		Caveat:     ownRules,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_pushes", Title: "Pushes to the main branch, and merges into it, are limited to some",
		Risk:     "Everybody who may write can change the main branch, with or without a pull request.",
		Remedy:   "Add branch permissions to the main branch that say who may push to it, and who may merge into it.",
		Severity: "high", Service: "Branch",
		Caveat:     ownRules,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_force", Title: "The history of the main branch can not be rewritten",
		Risk:     "A forced push can take commits away, and put others in their place, unseen.",
		Remedy:   "Do not allow rewriting branch history on the main branch.",
		Severity: "high", Service: "Branch",
		Caveat:     ownRules,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_delete", Title: "The main branch can not be deleted",
		Risk:     "Everybody who may write can delete the main branch.",
		Remedy:   "Do not allow deleting the main branch.",
		Severity: "medium", Service: "Branch",
		Caveat:     ownRules,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "repository_creators", Title: "Only trusted users create repositories and projects",
		Risk:     "Repositories that anybody creates escape the rules that others have: for access, for reviews, for what may be public.",
		Remedy:   "Grant write in place of create-repo on the project, and make members who may create projects plain members. Those who may create can be named in the variable trusted_creators.",
		Severity: "low", Service: "Project",
		Population: []*Area{administeredWorkspaces}, Subject: "grants on projects", Dimensions: []string{"workspace", "project"},
	},
	{
		Name: "repository_inactive", Title: "Repositories are worked on",
		Risk:     "Code that nobody works on is not mended either, and keeps what it has: access, keys, webhooks.",
		Remedy:   "Ask its owners, and delete it or grant read alone. The variable inactive_repository_days is the limit.",
		Severity: "low", Service: "Repository",
		Population: []*Area{repositories}, Subject: "repositories", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "repository_public", Title: "Only repositories that are meant to be public are so",
		Risk:     "Everybody on the internet reads a public repository, with all its history.",
		Remedy:   "Make the repository private in its settings, or name it in the variable public_repositories.",
		Severity: "high", Service: "Repository",
		Population: []*Area{repositories}, Subject: "repositories", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "repository_fork_policy", Title: "A private repository can not have public forks",
		Risk:     "Whoever may read a private repository can publish it by a fork.",
		Remedy:   "Set the forking of the repository to private forks only, or to none.",
		Severity: "medium", Service: "Repository",
		Population: []*Area{repositories}, Subject: "repositories", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "workspace_forking", Title: "Private repositories can not be forked out of the workspace",
		Risk:     "A fork in another workspace is out of reach of the rules and administrators of this one.",
		Remedy:   "Limit forks of private repositories to the workspace, in its settings.",
		Severity: "medium", Service: "Workspace",
		Population: []*Area{workspaces}, Subject: "settings", Dimensions: []string{"workspace"},
	},
	{
		Name: "workspace_privacy", Title: "Repositories of the workspace can not be made public",
		Risk:     "One administrator of one repository can make it public, by mistake or not.",
		Remedy:   "Have the workspace keep its repositories private, in its settings.",
		Severity: "medium", Service: "Workspace",
		Population: []*Area{workspaces}, Subject: "settings", Dimensions: []string{"workspace"},
	},
}

// Benchmarks are those at the top.
var Benchmarks = []*Benchmark{accessAudit, supplyChain}

var accessAudit = &Benchmark{
	Name: "access_audit", Title: "Access Audit",
	Description: "Who has access to what, by which grants, and what opens repositories beside people: keys, webhooks and variables.",
	Benchmarks: []*Benchmark{
		{
			Name: "access_audit_account", Title: "The connected account",
			Description: "What the connected account was granted, against what it needs.",
			Controls:    []string{"connected_account_repository", "connected_account_workspace"},
		},
		{
			Name: "access_audit_people", Title: "People and groups",
			Description: "Who has access, and whether somebody decided on it.",
			Controls: []string{
				"access_direct_beside_group", "access_outsider", "access_unexplained", "workspace_administrators",
				"repository_administrators", "group_write_access", "group_default_permission", "member_inactive",
			},
		},
		{
			Name: "access_audit_machines", Title: "Keys, webhooks and variables",
			Description: "What opens repositories without being anybody, where their events go, and what their pipelines know.",
			Controls:    []string{"deploy_key_unused", "deploy_key_old", "webhook_certificate", "webhook_secret", "variable_secured"},
		},
	},
}

var supplyChain = &Benchmark{
	Name: "cis_supply_chain_v100", Title: "CIS Software Supply Chain Security Guide v1.0.0",
	Description: "Those recommendations of the guide that Bitbucket's API can answer, and a few more in their spirit.",
	Benchmarks: []*Benchmark{
		{
			Name: "cis_supply_chain_v100_1_1", Title: "1.1 Code Changes", CIS: "1.1",
			Description: "How code is reviewed and checked before it reaches the main branch.",
			Benchmarks: []*Benchmark{
				recommendation("1.1.3", "Ensure any change to code receives approval of two strongly authenticated users", "branch_approvals"),
				recommendation("1.1.4", "Ensure previous approvals are dismissed when updates are introduced to a code change proposal", "branch_stale_approvals"),
				recommendation("1.1.9", "Ensure all checks have passed before merging new code", "branch_builds"),
				recommendation("1.1.10", "Ensure open Git branches are up to date before they can be merged into code base", "branch_up_to_date"),
				recommendation("1.1.11", "Ensure all open comments are resolved before allowing code change merging", "branch_comments"),
				recommendation("1.1.14", "Ensure branch protection rules are enforced for administrators", "branch_administrators"),
				recommendation("1.1.15", "Ensure pushing or merging of new code is restricted to specific individuals or teams", "branch_pushes"),
				recommendation("1.1.16", "Ensure force push code to branches is denied", "branch_force"),
				recommendation("1.1.17", "Ensure branch deletions are denied", "branch_delete"),
			},
		},
		{
			Name: "cis_supply_chain_v100_1_2", Title: "1.2 Repository Management", CIS: "1.2",
			Description: "Who creates and deletes repositories, and which lie idle.",
			Benchmarks: []*Benchmark{
				recommendation("1.2.2", "Ensure repository creation is limited to specific members", "repository_creators"),
				recommendation("1.2.3", "Ensure repository deletion is limited to specific users", "repository_trusted_administrators"),
				recommendation("1.2.7", "Ensure inactive repositories are reviewed and archived periodically", "repository_inactive"),
			},
		},
		{
			Name: "cis_supply_chain_v100_1_3", Title: "1.3 Contribution Access", CIS: "1.3",
			Description: "Who contributes, and with which rights.",
			Benchmarks: []*Benchmark{
				recommendation("1.3.1", "Ensure inactive users are reviewed and removed periodically", "member_inactive"),
				recommendation("1.3.3", "Ensure minimum number of administrators are set for the organization", "workspace_administrators"),
				recommendation("1.3.7", "Ensure 2 administrators are set for each repository", "repository_administrators"),
				recommendation("1.3.8", "Ensure strict base permissions are set for repositories", "group_default_permission", "group_write_access", "repository_public", "repository_fork_policy"),
			},
		},
		{
			Name: "cis_supply_chain_v100_beyond", Title: "Beyond the guide",
			Description: "What the guide does not ask for and Bitbucket can answer.",
			Controls: []string{
				"access_direct_beside_group", "access_outsider", "deploy_key_unused", "deploy_key_old", "webhook_certificate",
				"webhook_secret", "variable_secured", "workspace_forking", "workspace_privacy",
			},
		},
	},
}

// recommendation is a benchmark for one of the guide.
func recommendation(number, title string, controls ...string) *Benchmark {
	return &Benchmark{
		Name:        "cis_supply_chain_v100_" + underscored(number),
		Title:       number + " " + title,
		Description: title + ".",
		CIS:         number,
		Controls:    controls,
	}
}
