package audit

// Caveats of controls on rules for the main branch.
const (
	ownRules    = "The control judges only the repository's own rules: Bitbucket has no API for the rules of its project."
	mergeChecks = " If a pull request into the main branch is open, its merge checks show the rules in force, including those of the project."
)

// Controls are all controls, in the order of the benchmarks.
var Controls = []*Control{
	{
		Name: "connected_account_repository", Title: "The connected account has exactly the permissions that it needs on each repository",
		Risk:     "A person with the connected account's token can do everything that the account can. Permissions beyond its needs are an unnecessary risk, and with too few permissions the audit is incomplete.",
		How:      "For each repository on which the connected account has a permission: alarm, if its name matches no pattern in needed_repositories, or if the permission is not needed_permission. Without a value of needed_permission, only the names are judged.",
		Remedy:   "Grant the account the permission that it needs on the repositories that it needs, in the repositories' settings under Repository permissions, and revoke all other permissions. The variables needed_permission and needed_repositories define its needs.",
		Severity: "high", Service: "Access",
		Population: []*Area{granted}, Subject: "permissions", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "connected_account_workspace", Title: "The connected account administers only the intended workspaces",
		Risk:     "An administrator of a workspace can change all its repositories, groups and members, and so can a person with the token of the administrator's account.",
		How:      "For each workspace: alarm, if the connected account administers it and administered_workspaces does not name it.",
		Remedy:   "Make the account a plain member of the workspace, and grant it access to repositories. If it must administer the workspace, to read groups and members, name the workspace in the variable administered_workspaces.",
		Severity: "high", Service: "Access",
		Population: []*Area{workspaces}, Subject: "roles", Dimensions: []string{"workspace"},
	},
	{
		Name: "access_direct_beside_group", Title: "No user has a direct grant in addition to access by a group",
		Risk:     "A direct grant remains when the user leaves the group: the access then outlives its reason.",
		How:      "For each user with a direct grant on a repository or its project: alarm, if a group gives the same user access too. Administrators of the workspace are left out.",
		Remedy:   "If the group's permission is enough, revoke the direct grant in the permissions of the repository or its project; otherwise raise the group's permission.",
		Severity: "medium", Service: "Access",
		Population: []*Area{accessed}, Subject: "direct grants", Dimensions: []string{"workspace", "repository", "user_name"},
	},
	{
		Name: "access_outsider", Title: "Only members of the workspace and trusted users have access to its repositories",
		Risk:     "A user who is not a member appears in no list of members, so nobody revokes the access when it is no longer needed.",
		How:      "For each user with access to a repository of a workspace: alarm, if the user is not a member of the workspace and trusted_outsiders does not name the user.",
		Remedy:   "Invite the users to the workspace, or revoke their grants. Name known and allowed users in the variable trusted_outsiders.",
		Severity: "high", Service: "Access",
		Population: []*Area{accessed}, Subject: "users with access", Dimensions: []string{"workspace", "user_name"},
	},
	{
		Name: "access_unexplained", Title: "All access is explained by grants that Bitbucket shows",
		Risk:     "Reviews of grants miss access that Bitbucket's API does not show, for example by an app or a role in the organization.",
		How:      "For each repository: alarm, if a user has an effective permission, and no grant, group or role that Bitbucket shows gives it.",
		Remedy:   "Find out what gives the named users access: check the installed apps of the workspace, and the organization in admin.atlassian.com.",
		Severity: "medium", Service: "Access",
		Population: []*Area{accessed}, Subject: "users with access", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "workspace_administrators", Title: "A workspace has more than one administrator, but only a few",
		Risk:     "With a single administrator, nobody can act while that person is away. With many, each stolen account opens the whole workspace.",
		How:      "For each workspace: alarm, if the number of its administrators is outside the limits.",
		Remedy:   "Appoint a second administrator, or make some administrators plain members, in the settings of the workspace. The variables min_workspace_administrators and max_workspace_administrators are the limits.",
		Severity: "high", Service: "Workspace",
		Population: []*Area{workspaces}, Subject: "members", Dimensions: []string{"workspace"},
	},
	{
		Name: "repository_administrators", Title: "A repository has more than one administrator, but only a few",
		Risk:     "With a single administrator, nobody can act while that person is away. With many, many people can change the repository's rules and delete it.",
		How:      "For each repository: alarm, if the number of users with admin on it, by whatever path, is outside the limits.",
		Remedy:   "Grant admin to a second person, or reduce the permission of some administrators. The variables min_repository_administrators and max_repository_administrators are the limits.",
		Severity: "medium", Service: "Repository",
		Population: []*Area{accessed}, Subject: "users with access", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "repository_trusted_administrators", Title: "Only trusted users can delete a repository",
		Risk:     "An administrator of a repository can delete it, with all its pull requests and pipelines.",
		How:      "For each repository: alarm, if a user with admin on it neither administers the workspace nor is named in trusted_administrators.",
		Remedy:   "Grant write instead of admin, or name trusted users in the variable trusted_administrators. Administrators of the workspace are trusted.",
		Severity: "medium", Service: "Repository",
		Population: []*Area{accessed}, Subject: "users with access", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "group_write_access", Title: "No group can write to a large part of the repositories",
		Risk:     "If a group can write almost everywhere, one stolen account of the group is enough to change almost everything.",
		How:      "For each group: alarm, if it has write or admin, on repositories or their projects, on more than max_group_write_percent of the repositories.",
		Remedy:   "Split the group, or grant it write only on the repositories that its members work on, and read on the others. The variable max_group_write_percent is the limit.",
		Severity: "medium", Service: "Group",
		Population: []*Area{administeredWorkspaces}, Subject: "groups", Dimensions: []string{"workspace", "group_slug"},
	},
	{
		Name: "group_default_permission", Title: "No group can write to each new repository",
		Risk:     "A group with write or admin on each new repository gets access that nobody has decided on.",
		How:      "For each group: alarm, if its permission on new repositories is write or admin.",
		Remedy:   "Set the default access of the group to none or read, in the settings of the workspace under User groups.",
		Severity: "medium", Service: "Group",
		Population: []*Area{administeredWorkspaces}, Subject: "groups", Dimensions: []string{"workspace", "group_slug"},
	},
	{
		Name: "member_inactive", Title: "Members use the workspace",
		Risk:     "Nobody notices when an unused account is stolen.",
		How:      "For each member: alarm, if the last use of the workspace is longer ago than inactive_member_days. Where Bitbucket does not show the last use, recent commits count as use, and without them the member is info.",
		Remedy:   "Ask members who have been inactive for a long time whether they still need access, and remove them from the workspace if not. The variable inactive_member_days is the limit.",
		Severity: "medium", Service: "Workspace",
		Population: []*Area{workspaces}, Subject: "members", Dimensions: []string{"workspace", "user_name"},
	},
	{
		Name: "deploy_key_unused", Title: "Deploy keys are used",
		Risk:     "An unused key still gives access to the repository to everybody who has its private half.",
		How:      "For each deploy key of a repository or project: alarm, if it was last used, or was added and never used, longer ago than unused_key_days.",
		Remedy:   "Delete the key, in the settings of the repository or project under Access keys. The variable unused_key_days is the limit.",
		Severity: "medium", Service: "Access",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "deploy keys", Dimensions: []string{"workspace", "project", "repository"},
	},
	{
		Name: "deploy_key_old", Title: "Deploy keys are replaced regularly",
		Risk:     "The older a key is, the more machines and backups have contained its private half.",
		How:      "For each deploy key of a repository or project: alarm, if it was added longer ago than old_key_days.",
		Remedy:   "Create a new key pair, add its public half, and delete the old key. The variable old_key_days is the limit.",
		Severity: "low", Service: "Access",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "deploy keys", Dimensions: []string{"workspace", "project", "repository"},
	},
	{
		Name: "webhook_certificate", Title: "Webhooks are sent encrypted, and the receiver's certificate is checked",
		Risk:     "An attacker on the network can read what a webhook reports about the repository, or pose as its receiver.",
		How:      "For each active webhook of a repository or workspace: alarm, if its address does not begin with https://, or if the check of the certificate is turned off.",
		Remedy:   "Install a valid certificate at the receiver, use an address that begins with https://, and turn on the certificate check of the webhook.",
		Severity: "high", Service: "Webhook",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "webhooks", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "webhook_secret", Title: "Webhooks are signed with a secret",
		Risk:     "Without a signature the receiver cannot distinguish a webhook from a forgery, and may build or deploy an attacker's choice.",
		How:      "For each active webhook of a repository or workspace: alarm, if it has no secret. Where Bitbucket does not show whether it has one, it is info.",
		Remedy:   "Set a secret for the webhook, and let its receiver check the signature.",
		Severity: "medium", Service: "Webhook",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "webhooks", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "variable_secured", Title: "Pipeline variables that contain secrets are secured",
		Risk:     "Everybody who can see the variable can read its value, and the logs of pipelines show it.",
		How:      "For each variable of a repository, deployment environment or workspace: alarm, if it is not secured and its name matches a pattern in secret_names.",
		Remedy:   "Replace the secret, because it may have been read, and store the new one in a secured variable. The variable secret_names contains patterns of the names of secrets.",
		Severity: "high", Service: "Pipeline",
		Population: []*Area{administeredRepositories, administeredWorkspaces}, Subject: "variables", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_approvals", Title: "A pull request needs approvals before it is merged into the main branch",
		Risk:     "Without a second reviewer, a mistake, or an attacker with one account, reaches the main branch.",
		How:      "For each main branch: alarm, if its rules need fewer approvals than min_approvals, or if merge checks are not enforced and require_enforced_merge_checks is true.",
		Remedy:   "Add the merge check \"Minimum number of approvals\" to the main branch, in the branch restrictions of the repository, and enforce merge checks. The variable min_approvals is the required number.",
		Severity: "high", Service: "Branch",
		Caveat:     ownRules + mergeChecks,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_stale_approvals", Title: "Changes to a pull request dismiss its approvals",
		Risk:     "Changes after the approval are merged without a review.",
		How:      "For each main branch: alarm, if no rule resets approvals when the source branch is modified.",
		Remedy:   "Turn on \"Reset approvals when the source branch is modified\" for the main branch.",
		Severity: "medium", Service: "Branch",
		Caveat:     ownRules,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "pull_request_pushed_after_approval", Title: "Merged pull requests were not changed after their last approval",
		Risk:     "Nobody approved what was merged: a mistake or an attack can come after the review.",
		Remedy:   "Review what was pushed last, and turn on \"Reset approvals when the source branch is modified\" for the branches that pull requests are merged into.",
		Severity: "high", Service: "Pull Request",
		Caveat:     "The control judges the pull requests that were approved and merged in the last days. The variable reviewed_days is their number.",
		Population: []*Area{seenRepositories}, Subject: "merged pull requests", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_builds", Title: "A pull request needs passing builds before it is merged into the main branch",
		Risk:     "Code that does not build, or fails its tests or scans, reaches the main branch.",
		How:      "For each main branch: alarm, if its rules need no successful build, or if merge checks are not enforced and require_enforced_merge_checks is true.",
		Remedy:   "Add the merge check \"Minimum number of successful builds\" to the main branch, and enforce merge checks.",
		Severity: "high", Service: "Branch",
		Caveat:     ownRules + mergeChecks,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_up_to_date", Title: "A branch must be up to date before it is merged into the main branch",
		Risk:     "Checks that passed on an old state do not prove anything about the state after the merge.",
		How:      "For each main branch: alarm, if no rule limits how many commits a branch may be behind, or if merge checks are not enforced and require_enforced_merge_checks is true.",
		Remedy:   "Add the merge check on commits behind the destination branch to the main branch, and enforce merge checks.",
		Severity: "low", Service: "Branch",
		Caveat:     ownRules + mergeChecks,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_comments", Title: "Comments must be resolved before a pull request is merged into the main branch",
		Risk:     "Code is merged although reviewers have open questions about it.",
		How:      "For each main branch: alarm, if it can be merged into with unresolved comments or tasks, or if merge checks are not enforced and require_enforced_merge_checks is true.",
		Remedy:   "Add the merge checks \"No unresolved pull request comments\" and \"No unresolved pull request tasks\" to the main branch, and enforce merge checks.",
		Severity: "low", Service: "Branch",
		Caveat:     ownRules + mergeChecks,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_administrators", Title: "The rules for the main branch apply to administrators too",
		Risk:     "An administrator who is exempt from the rules can push code without a review.",
		How:      "For each main branch: alarm, if pushes are not restricted, or if the rules on pushes and merges name an administrator, or a group that administers, as an exception.",
		Remedy:   "Restrict pushes to the main branch, and remove administrators, and groups that administer, from the lists of users and groups that may push to it and merge into it.",
		Severity: "medium", Service: "Branch",
		Caveat:     ownRules,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_pushes", Title: "Pushes to the main branch and merges into it are restricted",
		Risk:     "Everybody with write access can change the main branch, with or without a pull request.",
		How:      "For each main branch: alarm, if no rule restricts who can push to it, or if none restricts who can merge into it.",
		Remedy:   "Add branch permissions to the main branch that define who can push to it and who can merge into it.",
		Severity: "high", Service: "Branch",
		Caveat:     ownRules,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_force", Title: "The history of the main branch cannot be rewritten",
		Risk:     "A forced push can remove commits and replace them by others, unnoticed.",
		How:      "For each main branch: alarm, if no rule forbids rewriting its history.",
		Remedy:   "Do not allow rewriting branch history on the main branch.",
		Severity: "high", Service: "Branch",
		Caveat:     ownRules,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "branch_delete", Title: "The main branch cannot be deleted",
		Risk:     "Everybody with write access can delete the main branch.",
		How:      "For each main branch: alarm, if no rule forbids deleting it.",
		Remedy:   "Do not allow deleting the main branch.",
		Severity: "medium", Service: "Branch",
		Caveat:     ownRules,
		Population: []*Area{administeredRepositories}, Subject: "rules for branches", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "repository_creators", Title: "Only trusted users can create repositories and projects",
		Risk:     "A repository that anybody creates may not follow the rules of the others: on access, on reviews, on public repositories.",
		How:      "For each project: alarm, if a user or group other than those in trusted_creators may create repositories in it. For each workspace: alarm, if others than its administrators and those in trusted_creators may create projects.",
		Remedy:   "Grant write instead of create-repo on the project, and make members who can create projects plain members. Name users and groups that may create in the variable trusted_creators.",
		Severity: "low", Service: "Project",
		Population: []*Area{administeredWorkspaces}, Subject: "grants on projects", Dimensions: []string{"workspace", "project"},
	},
	{
		Name: "repository_inactive", Title: "Repositories are active",
		Risk:     "Code that nobody works on is not fixed either, but keeps its access, keys and webhooks.",
		How:      "For each repository: alarm, if its last change is longer ago than inactive_repository_days.",
		Remedy:   "Ask its owners, then delete the repository or grant only read on it. The variable inactive_repository_days is the limit.",
		Severity: "low", Service: "Repository",
		Population: []*Area{repositories}, Subject: "repositories", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "repository_public", Title: "Only repositories that are intended to be public are public",
		Risk:     "Everybody on the internet can read a public repository, with all its history.",
		How:      "For each repository: alarm, if it is public and its name matches no pattern in public_repositories.",
		Remedy:   "Make the repository private in its settings, or name it in the variable public_repositories.",
		Severity: "high", Service: "Repository",
		Population: []*Area{repositories}, Subject: "repositories", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "repository_fork_policy", Title: "A private repository cannot have public forks",
		Risk:     "Everybody who can read a private repository can publish it with a fork.",
		How:      "For each private repository: alarm, if public forks of it are allowed.",
		Remedy:   "Set forking of the repository to private forks only, or to none.",
		Severity: "medium", Service: "Repository",
		Population: []*Area{repositories}, Subject: "repositories", Dimensions: []string{"workspace", "repository"},
	},
	{
		Name: "workspace_forking", Title: "Private repositories cannot be forked to other workspaces",
		Risk:     "The rules and administrators of this workspace do not apply to a fork in another workspace.",
		How:      "For each workspace: alarm, if its private repositories can be forked to other workspaces.",
		Remedy:   "Allow forks of private repositories only inside the workspace, in its settings.",
		Severity: "medium", Service: "Workspace",
		Population: []*Area{workspaces}, Subject: "settings", Dimensions: []string{"workspace"},
	},
	{
		Name: "workspace_privacy", Title: "Repositories of the workspace cannot be made public",
		Risk:     "An administrator of a single repository can make it public, by mistake or on purpose.",
		How:      "For each workspace: alarm, if its repositories can be made public.",
		Remedy:   "Turn on the setting of the workspace that keeps its repositories private.",
		Severity: "medium", Service: "Workspace",
		Population: []*Area{workspaces}, Subject: "settings", Dimensions: []string{"workspace"},
	},
}

// Benchmarks are the benchmarks at the top level.
var Benchmarks = []*Benchmark{accessAudit, supplyChain}

var accessAudit = &Benchmark{
	Name: "access_audit", Title: "Access Audit",
	Description: "Who has access to what, by which grants, and non-human access: keys, webhooks and variables.",
	Benchmarks: []*Benchmark{
		{
			Name: "access_audit_account", Title: "The connected account",
			Description: "The permissions of the connected account, compared with its needs.",
			Controls:    []string{"connected_account_repository", "connected_account_workspace"},
		},
		{
			Name: "access_audit_people", Title: "People and groups",
			Description: "Who has access, and whether somebody has decided on it.",
			Controls: []string{
				"access_direct_beside_group", "access_outsider", "access_unexplained", "workspace_administrators",
				"repository_administrators", "group_write_access", "group_default_permission", "member_inactive",
			},
		},
		{
			Name: "access_audit_machines", Title: "Keys, webhooks and variables",
			Description: "Deploy keys, the receivers of webhooks, and the variables of pipelines.",
			Controls:    []string{"deploy_key_unused", "deploy_key_old", "webhook_certificate", "webhook_secret", "variable_secured"},
		},
	},
}

var supplyChain = &Benchmark{
	Name: "cis_supply_chain_v100", Title: "CIS Software Supply Chain Security Guide v1.0.0",
	Description: "The recommendations of the guide that Bitbucket's API can answer, and some similar ones.",
	Benchmarks: []*Benchmark{
		{
			Name: "cis_supply_chain_v100_1_1", Title: "1.1 Code Changes", CIS: "1.1",
			Description: "How code is reviewed and checked before it reaches the main branch.",
			Benchmarks: []*Benchmark{
				recommendation("1.1.3", "Ensure any change to code receives approval of two strongly authenticated users", "branch_approvals"),
				recommendation("1.1.4", "Ensure previous approvals are dismissed when updates are introduced to a code change proposal", "branch_stale_approvals", "pull_request_pushed_after_approval"),
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
			Description: "Who can create and delete repositories, and which repositories are inactive.",
			Benchmarks: []*Benchmark{
				recommendation("1.2.2", "Ensure repository creation is limited to specific members", "repository_creators"),
				recommendation("1.2.3", "Ensure repository deletion is limited to specific users", "repository_trusted_administrators"),
				recommendation("1.2.7", "Ensure inactive repositories are reviewed and archived periodically", "repository_inactive"),
			},
		},
		{
			Name: "cis_supply_chain_v100_1_3", Title: "1.3 Contribution Access", CIS: "1.3",
			Description: "Who contributes, and with which permissions.",
			Benchmarks: []*Benchmark{
				recommendation("1.3.1", "Ensure inactive users are reviewed and removed periodically", "member_inactive"),
				recommendation("1.3.3", "Ensure minimum number of administrators are set for the organization", "workspace_administrators"),
				recommendation("1.3.7", "Ensure 2 administrators are set for each repository", "repository_administrators"),
				recommendation("1.3.8", "Ensure strict base permissions are set for repositories", "group_default_permission", "group_write_access", "repository_public", "repository_fork_policy"),
			},
		},
		{
			Name: "cis_supply_chain_v100_beyond", Title: "Beyond the guide",
			Description: "Controls that the guide does not ask for but Bitbucket can answer.",
			Controls: []string{
				"access_direct_beside_group", "access_outsider", "deploy_key_unused", "deploy_key_old", "webhook_certificate",
				"webhook_secret", "variable_secured", "workspace_forking", "workspace_privacy",
			},
		},
	},
}

// recommendation returns the benchmark for a recommendation of the guide.
func recommendation(number, title string, controls ...string) *Benchmark {
	return &Benchmark{
		Name:        "cis_supply_chain_v100_" + underscored(number),
		Title:       number + " " + title,
		Description: title + ".",
		CIS:         number,
		Controls:    controls,
	}
}
