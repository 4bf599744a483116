# Written by `go generate ./internal/audit`, which has the sources. Do not edit.

control "connected_account_repository" {
  title       = "The connected account was granted on each repository just what it needs"
  description = "Whoever gets hold of the connected account's token can do all that the account may. What it was granted beyond its need is risk without use, and what it was granted below it is missing in the audit. Grant the account the permission that it needs on the repositories that it needs, in the repositories' settings under Repository permissions, and revoke the rest. The variables needed_permission and needed_repositories say what it needs."
  severity    = "high"
  query       = query.connected_account_repository

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Access"
  })
}

control "connected_account_workspace" {
  title       = "The connected account administers only workspaces that it is meant to"
  description = "An administrator of a workspace can change every repository, group and member of it, and so can whoever gets hold of that account's token. Make the account a plain member of the workspace, and grant it repositories. If it has to administer the workspace, for the sake of groups and members, name that in the variable administered_workspaces."
  severity    = "high"
  query       = query.connected_account_workspace

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Access"
  })
}

control "access_direct_beside_group" {
  title       = "Nobody was granted in person what a group gives"
  description = "A grant in person stays when somebody leaves the group: access then outlives the reason for it. Revoke the grant in person, in the permissions of the repository or its project, where the group's is enough; else raise the group's."
  severity    = "medium"
  query       = query.access_direct_beside_group

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Access"
  })
}

control "access_outsider" {
  title       = "Only members of the workspace, and trusted others, have access to its repositories"
  description = "Those who are no members are seen in no list of members: nobody takes their access away when it is not needed any more. Invite them to the workspace, or revoke their grants. Those who are known and allowed can be named in the variable trusted_outsiders."
  severity    = "high"
  query       = query.access_outsider

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Access"
  })
}

control "access_unexplained" {
  title       = "Grants that Bitbucket shows explain all access"
  description = "Access by something that Bitbucket's API does not show, such as an app or a role in the organization, escapes reviews of grants. Find out what lets the named users in: look at the installed apps of the workspace, and at the organization in admin.atlassian.com."
  severity    = "medium"
  query       = query.access_unexplained

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Access"
  })
}

control "workspace_administrators" {
  title       = "A workspace has more than one administrator, and few"
  description = "With a single administrator, nobody can act when that one is away; with many, each account that falls into wrong hands opens the whole workspace. Appoint a second administrator, or make some of them plain members, in the settings of the workspace. The variables min_workspace_administrators and max_workspace_administrators are the limits."
  severity    = "high"
  query       = query.workspace_administrators

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.3"
    service     = "Bitbucket/Workspace"
  })
}

control "repository_administrators" {
  title       = "A repository has more than one administrator, and few"
  description = "With a single administrator, nobody can act when that one is away; many can change its rules, and delete it. Grant admin to a second person, or less than admin to some. The variables min_repository_administrators and max_repository_administrators are the limits."
  severity    = "medium"
  query       = query.repository_administrators

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.7"
    service     = "Bitbucket/Repository"
  })
}

control "repository_trusted_administrators" {
  title       = "Only trusted users can delete a repository"
  description = "Whoever administers a repository can delete it, with all its pull requests and pipelines. Grant write in place of admin, or name those who are trusted in the variable trusted_administrators. Administrators of the workspace are trusted."
  severity    = "medium"
  query       = query.repository_trusted_administrators

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.2.3"
    service     = "Bitbucket/Repository"
  })
}

control "group_write_access" {
  title       = "No group may write to a large part of the repositories"
  description = "One account of a group that may write nearly everywhere is enough to change nearly everything. Split the group, or grant it write on the repositories that its members work on, and read on others. The variable max_group_write_percent is the limit."
  severity    = "medium"
  query       = query.group_write_access

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.8"
    service     = "Bitbucket/Group"
  })
}

control "group_default_permission" {
  title       = "No group may write to each new repository"
  description = "A group that is granted write or admin on each new repository gets access that nobody decided on. Set the default access of the group to none or read, in the settings of the workspace under User groups."
  severity    = "medium"
  query       = query.group_default_permission

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.8"
    service     = "Bitbucket/Group"
  })
}

control "member_inactive" {
  title       = "Members use the workspace"
  description = "An account that nobody uses is one whose loss nobody notices. Ask those who were not seen for long whether they still need access, and remove them from the workspace if not. The variable inactive_member_days is the limit."
  severity    = "medium"
  query       = query.member_inactive

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.1"
    service     = "Bitbucket/Workspace"
  })
}

control "deploy_key_unused" {
  title       = "Deploy keys are used"
  description = "A key that nobody uses still opens the repository, for whoever has its private half. Delete the key, in the settings of the repository or project under Access keys. The variable unused_key_days is the limit."
  severity    = "medium"
  query       = query.deploy_key_unused

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Access"
  })
}

control "deploy_key_old" {
  title       = "Deploy keys are replaced from time to time"
  description = "The older a key, the more machines and backups have held its private half. Make a new pair of keys, add its public half, and delete the old key. The variable old_key_days is the limit."
  severity    = "low"
  query       = query.deploy_key_old

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Access"
  })
}

control "webhook_certificate" {
  title       = "Webhooks are sent encrypted, to a receiver whose certificate is checked"
  description = "What a webhook tells of the repository can be read, and its receiver be replaced, by whoever stands between. Give the receiver a valid certificate, and have the webhook's address begin with https and its certificate checked."
  severity    = "high"
  query       = query.webhook_certificate

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Webhook"
  })
}

control "webhook_secret" {
  title       = "Webhooks are signed with a secret"
  description = "Without a signature the receiver can not tell a webhook from a forgery, and may build or deploy what an attacker likes. Give the webhook a secret, and have its receiver check the signature."
  severity    = "medium"
  query       = query.webhook_secret

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Webhook"
  })
}

control "variable_secured" {
  title       = "Variables of pipelines that hold secrets are secured"
  description = "Whoever may see the variable reads its value, and the logs of pipelines show it. Replace the secret, for it may have been read, and keep the new one in a secured variable. The variable secret_names has the patterns of names by which secrets are known."
  severity    = "high"
  query       = query.variable_secured

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Pipeline"
  })
}

control "branch_approvals" {
  title       = "A pull request needs approvals before it is merged into the main branch"
  description = "Without a second pair of eyes a mistake, or an attacker with one account, reaches the main branch. Add the merge check \"Minimum number of approvals\" to the main branch, in the branch restrictions of the repository, and enforce merge checks. The variable min_approvals is the number. Judged are the repository's own rules: Bitbucket has no API for those that its project carries. Where a pull request into the main branch is open, its merge checks show what is in force, whoever set it."
  severity    = "high"
  query       = query.branch_approvals

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.3"
    service     = "Bitbucket/Branch"
  })
}

control "branch_stale_approvals" {
  title       = "Changes to a pull request dismiss its approvals"
  description = "What is added after the approval is merged without anybody having seen it. Switch on \"Reset approvals when the source branch is modified\" for the main branch. Judged are the repository's own rules: Bitbucket has no API for those that its project carries."
  severity    = "medium"
  query       = query.branch_stale_approvals

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.4"
    service     = "Bitbucket/Branch"
  })
}

control "branch_builds" {
  title       = "A pull request needs passing builds before it is merged into the main branch"
  description = "Code that does not build, or fails its tests and scans, reaches the main branch. Add the merge check \"Minimum number of successful builds\" to the main branch, and enforce merge checks. Judged are the repository's own rules: Bitbucket has no API for those that its project carries. Where a pull request into the main branch is open, its merge checks show what is in force, whoever set it."
  severity    = "high"
  query       = query.branch_builds

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.9"
    service     = "Bitbucket/Branch"
  })
}

control "branch_up_to_date" {
  title       = "A branch must be up to date before it is merged into the main branch"
  description = "Checks that passed on an old state say nothing of the state after the merge. Add the merge check on commits behind the destination to the main branch, and enforce merge checks. Judged are the repository's own rules: Bitbucket has no API for those that its project carries. Where a pull request into the main branch is open, its merge checks show what is in force, whoever set it."
  severity    = "low"
  query       = query.branch_up_to_date

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.10"
    service     = "Bitbucket/Branch"
  })
}

control "branch_comments" {
  title       = "Comments must be resolved before a pull request is merged into the main branch"
  description = "Doubts of reviewers are merged with what they are about. Add the merge checks \"No unresolved pull request comments\" and \"No unresolved pull request tasks\" to the main branch, and enforce merge checks. Judged are the repository's own rules: Bitbucket has no API for those that its project carries. Where a pull request into the main branch is open, its merge checks show what is in force, whoever set it."
  severity    = "low"
  query       = query.branch_comments

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.11"
    service     = "Bitbucket/Branch"
  })
}

control "branch_administrators" {
  title       = "The rules for the main branch bind administrators too"
  description = "An administrator whom the rules exempt can push what nobody reviewed. Limit pushes to the main branch, and take administrators, and groups that administer, off the lists of those who may push to it and merge into it. Judged are the repository's own rules: Bitbucket has no API for those that its project carries."
  severity    = "medium"
  query       = query.branch_administrators

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.14"
    service     = "Bitbucket/Branch"
  })
}

control "branch_pushes" {
  title       = "Pushes to the main branch, and merges into it, are limited to some"
  description = "Everybody who may write can change the main branch, with or without a pull request. Add branch permissions to the main branch that say who may push to it, and who may merge into it. Judged are the repository's own rules: Bitbucket has no API for those that its project carries."
  severity    = "high"
  query       = query.branch_pushes

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.15"
    service     = "Bitbucket/Branch"
  })
}

control "branch_force" {
  title       = "The history of the main branch can not be rewritten"
  description = "A forced push can take commits away, and put others in their place, unseen. Do not allow rewriting branch history on the main branch. Judged are the repository's own rules: Bitbucket has no API for those that its project carries."
  severity    = "high"
  query       = query.branch_force

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.16"
    service     = "Bitbucket/Branch"
  })
}

control "branch_delete" {
  title       = "The main branch can not be deleted"
  description = "Everybody who may write can delete the main branch. Do not allow deleting the main branch. Judged are the repository's own rules: Bitbucket has no API for those that its project carries."
  severity    = "medium"
  query       = query.branch_delete

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.1.17"
    service     = "Bitbucket/Branch"
  })
}

control "repository_creators" {
  title       = "Only trusted users create repositories and projects"
  description = "Repositories that anybody creates escape the rules that others have: for access, for reviews, for what may be public. Grant write in place of create-repo on the project, and make members who may create projects plain members. Those who may create can be named in the variable trusted_creators."
  severity    = "low"
  query       = query.repository_creators

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.2.2"
    service     = "Bitbucket/Project"
  })
}

control "repository_inactive" {
  title       = "Repositories are worked on"
  description = "Code that nobody works on is not mended either, and keeps what it has: access, keys, webhooks. Ask its owners, and delete it or grant read alone. The variable inactive_repository_days is the limit."
  severity    = "low"
  query       = query.repository_inactive

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.2.7"
    service     = "Bitbucket/Repository"
  })
}

control "repository_public" {
  title       = "Only repositories that are meant to be public are so"
  description = "Everybody on the internet reads a public repository, with all its history. Make the repository private in its settings, or name it in the variable public_repositories."
  severity    = "high"
  query       = query.repository_public

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.8"
    service     = "Bitbucket/Repository"
  })
}

control "repository_fork_policy" {
  title       = "A private repository can not have public forks"
  description = "Whoever may read a private repository can publish it by a fork. Set the forking of the repository to private forks only, or to none."
  severity    = "medium"
  query       = query.repository_fork_policy

  tags = merge(local.bitbucket_common_tags, {
    cis         = "true"
    cis_item_id = "1.3.8"
    service     = "Bitbucket/Repository"
  })
}

control "workspace_forking" {
  title       = "Private repositories can not be forked out of the workspace"
  description = "A fork in another workspace is out of reach of the rules and administrators of this one. Limit forks of private repositories to the workspace, in its settings."
  severity    = "medium"
  query       = query.workspace_forking

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Workspace"
  })
}

control "workspace_privacy" {
  title       = "Repositories of the workspace can not be made public"
  description = "One administrator of one repository can make it public, by mistake or not. Have the workspace keep its repositories private, in its settings."
  severity    = "medium"
  query       = query.workspace_privacy

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Workspace"
  })
}
