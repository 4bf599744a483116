# Written by `go generate ./internal/audit`, which has the sources. Do not edit.

query "access_direct_beside_group" {
  sql = <<-EOQ
    select
      repository_full_name || ' ' || user_uuid as resource,
      case
        when is_direct is null or via_group is null then 'info'
        when via_group then 'alarm'
        else 'ok'
      end as status,
      user_display_name ||
      case
        when is_direct is null or via_group is null then ' has ' || permission || ' on ' || repository_full_name || '; Bitbucket does not show the connected account by which grants.'
        when via_group then ' was granted access to ' || repository_full_name || ' in person, beside ' || (
          select string_agg(p.value ->> 'group_name', ', ' order by p.value ->> 'group_name')
          from jsonb_array_elements(paths) as p
          where p.value ->> 'holder' = 'group' and p.value ->> 'membership' is null
        ) || '.'
        else ' was granted access to ' || repository_full_name || ' in person, and no group gives it.'
      end as reason,
      workspace_slug as workspace,
      repository_full_name as repository,
      user_display_name as user_name
    from
      bitbucket_repository_access
    where
      is_direct is not false
      and is_workspace_owner is not true
    order by
      repository_full_name, user_display_name;
  EOQ
}

query "access_outsider" {
  sql = <<-EOQ
    with grantees as (
      select
        workspace_slug,
        user_uuid,
        user_account_id,
        is_member,
        max(user_display_name) as name,
        count(*) as repositories
      from
        bitbucket_repository_access
      group by
        workspace_slug, user_uuid, user_account_id, is_member
    )
    select
      workspace_slug || ' ' || user_uuid as resource,
      case
        when is_member is null then 'info'
        when is_member then 'ok'
        when user_uuid = any($1::text[]) or user_account_id = any($1::text[]) then 'ok'
        else 'alarm'
      end as status,
      name ||
      case
        when is_member is null then ' has access to repositories of ' || workspace_slug || ', whose members Bitbucket does not show the connected account.'
        when is_member then ' is a member of ' || workspace_slug || '.'
        when user_uuid = any($1::text[]) or user_account_id = any($1::text[]) then ' is no member of ' || workspace_slug || ', and trusted.'
        else ' is no member of ' || workspace_slug || ', and has access to ' || repositories || case when repositories = 1 then ' repository of it.' else ' repositories of it.' end
      end as reason,
      workspace_slug as workspace,
      name as user_name
    from
      grantees
    order by
      workspace_slug, name;
  EOQ

  param "trusted_outsiders" {
    description = "Ids, in braces, or Atlassian account ids of users who may have access without being members of the workspace."
    default     = var.trusted_outsiders
  }
}

query "access_unexplained" {
  sql = <<-EOQ
    with repositories as (
      select
        workspace_slug,
        repository_full_name,
        count(*) filter (where not is_explained) as unexplained,
        count(*) filter (where is_explained is null) as unknown,
        string_agg(user_display_name, ', ' order by user_display_name) filter (where not is_explained) as names
      from
        bitbucket_repository_access
      group by
        workspace_slug, repository_full_name
    )
    select
      repository_full_name as resource,
      case
        when unexplained > 0 then 'alarm'
        when unknown > 0 then 'info'
        else 'ok'
      end as status,
      case
        when unexplained > 0 then 'No grant explains the access to ' || repository_full_name || ' of ' || names || '.'
        when unknown > 0 then 'Bitbucket does not show the connected account all grants that lead to ' || repository_full_name || '.'
        else 'Grants explain all access to ' || repository_full_name || '.'
      end as reason,
      workspace_slug as workspace,
      repository_full_name as repository
    from
      repositories
    order by
      repository_full_name;
  EOQ
}

query "branch_administrators" {
  sql = <<-EOQ
    with repositories as materialized (
      select
        full_name,
        workspace_slug,
        project_key,
        permission,
        mainbranch_name
      from
        bitbucket_my_repository
    ),
    models as materialized (
      select
        repository_full_name,
        development_name,
        production_name
      from
        bitbucket_branching_model
    ),
    restrictions as materialized (
      select
        repository_full_name,
        branch_match_kind,
        branch_type,
        kind,
        pattern,
        value,
        users,
        groups
      from
        bitbucket_branch_restriction
    ),
    rules as (
      select
        r.full_name,
        b.kind,
        b.value,
        b.users,
        b.groups
      from
        repositories as r
        join restrictions as b on b.repository_full_name = r.full_name
        left join models as m on m.repository_full_name = r.full_name
      where
        case
          when b.branch_match_kind = 'glob' then r.mainbranch_name like replace(replace(replace(replace(b.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
          when b.branch_type = 'production' then m.production_name = r.mainbranch_name
          when b.branch_type = 'development' then m.development_name = r.mainbranch_name
        end
    ),
    protection as (
      select
        r.full_name,
        r.workspace_slug,
        r.permission,
        r.mainbranch_name,
        max(case when b.kind = 'require_approvals_to_merge' then b.value end) as approvals,
        count(case when b.kind in ('reset_pullrequest_approvals_on_change', 'smart_reset_pullrequest_approvals') then 1 end) as resets,
        max(case when b.kind = 'require_passing_builds_to_merge' then b.value end) as builds,
        count(case when b.kind = 'require_commits_behind' then 1 end) as behinds,
        count(case when b.kind = 'require_all_comments_resolved' then 1 end) as comments,
        count(case when b.kind = 'require_tasks_to_be_completed' then 1 end) as tasks,
        count(case when b.kind = 'enforce_merge_checks' then 1 end) as enforcements,
        count(case when b.kind = 'push' then 1 end) as pushes,
        count(case when b.kind = 'restrict_merges' then 1 end) as merges,
        count(case when b.kind = 'force' then 1 end) as forces,
        count(case when b.kind = 'delete' then 1 end) as deletes
      from
        repositories as r
        left join rules as b on b.full_name = r.full_name
      group by
        r.full_name, r.workspace_slug, r.permission, r.mainbranch_name
    ),
    administrators as materialized (
      select
        repository_full_name,
        user_uuid,
        user_display_name as name
      from
        bitbucket_repository_access
      where
        permission = 'admin'
    ),
    administrating_groups as (
      select
        repository_full_name,
        group_slug,
        group_name as name
      from
        bitbucket_repository_group_permission
      where
        permission = 'admin'
      union
      select
        r.full_name,
        p.group_slug,
        p.group_name
      from
        repositories as r
        join bitbucket_project_group_permission as p on p.workspace_slug = r.workspace_slug and p.project_key = r.project_key
      where
        p.permission = 'admin'
    ),
    limits as (
      select
        full_name as repository_full_name,
        users,
        groups
      from
        rules
      where
        kind in ('push', 'restrict_merges')
    ),
    exempt as (
      select
        l.repository_full_name,
        a.name
      from
        limits as l
        cross join jsonb_array_elements(l.users) as u
        join administrators as a on a.repository_full_name = l.repository_full_name and a.user_uuid = u.value ->> 'uuid'
      union
      select
        l.repository_full_name,
        a.name
      from
        limits as l
        cross join jsonb_array_elements(l.groups) as g
        join administrating_groups as a on a.repository_full_name = l.repository_full_name and a.group_slug = g.value ->> 'slug'
    ),
    exemptions as (
      select
        repository_full_name,
        string_agg(name, ', ' order by name) as names
      from
        exempt
      group by
        repository_full_name
    )
    select
      full_name as resource,
      case
        when permission <> 'admin' then 'skip'
        when mainbranch_name is null then 'skip'
        when pushes = 0 or names is not null then 'alarm'
        else 'ok'
      end as status,
      case
        when permission <> 'admin' then 'The connected account does not administer ' || full_name || ', and does not see its rules.'
        when mainbranch_name is null then full_name || ' has no branch.'
        when pushes = 0 then 'Administrators may push to ' || mainbranch_name || ' of ' || full_name || ', as may all with write access.'
        when names is not null then 'Rules for ' || mainbranch_name || ' of ' || full_name || ' exempt administrators: ' || names || '.'
        else 'Rules for ' || mainbranch_name || ' of ' || full_name || ' bind administrators too.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      protection
      left join exemptions on repository_full_name = full_name
    order by
      full_name;
  EOQ
}

query "branch_approvals" {
  sql = <<-EOQ
    with repositories as materialized (
      select
        full_name,
        workspace_slug,
        project_key,
        permission,
        mainbranch_name
      from
        bitbucket_my_repository
    ),
    models as materialized (
      select
        repository_full_name,
        development_name,
        production_name
      from
        bitbucket_branching_model
    ),
    restrictions as materialized (
      select
        repository_full_name,
        branch_match_kind,
        branch_type,
        kind,
        pattern,
        value,
        users,
        groups
      from
        bitbucket_branch_restriction
    ),
    rules as (
      select
        r.full_name,
        b.kind,
        b.value,
        b.users,
        b.groups
      from
        repositories as r
        join restrictions as b on b.repository_full_name = r.full_name
        left join models as m on m.repository_full_name = r.full_name
      where
        case
          when b.branch_match_kind = 'glob' then r.mainbranch_name like replace(replace(replace(replace(b.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
          when b.branch_type = 'production' then m.production_name = r.mainbranch_name
          when b.branch_type = 'development' then m.development_name = r.mainbranch_name
        end
    ),
    protection as (
      select
        r.full_name,
        r.workspace_slug,
        r.permission,
        r.mainbranch_name,
        max(case when b.kind = 'require_approvals_to_merge' then b.value end) as approvals,
        count(case when b.kind in ('reset_pullrequest_approvals_on_change', 'smart_reset_pullrequest_approvals') then 1 end) as resets,
        max(case when b.kind = 'require_passing_builds_to_merge' then b.value end) as builds,
        count(case when b.kind = 'require_commits_behind' then 1 end) as behinds,
        count(case when b.kind = 'require_all_comments_resolved' then 1 end) as comments,
        count(case when b.kind = 'require_tasks_to_be_completed' then 1 end) as tasks,
        count(case when b.kind = 'enforce_merge_checks' then 1 end) as enforcements,
        count(case when b.kind = 'push' then 1 end) as pushes,
        count(case when b.kind = 'restrict_merges' then 1 end) as merges,
        count(case when b.kind = 'force' then 1 end) as forces,
        count(case when b.kind = 'delete' then 1 end) as deletes
      from
        repositories as r
        left join rules as b on b.full_name = r.full_name
      group by
        r.full_name, r.workspace_slug, r.permission, r.mainbranch_name
    )
    select
      full_name as resource,
      case
        when permission <> 'admin' then 'skip'
        when mainbranch_name is null then 'skip'
        when coalesce(approvals, 0) < $1::integer then 'alarm'
        when not (enforcements > 0 or not $2::boolean) then 'alarm'
        else 'ok'
      end as status,
      case
        when permission <> 'admin' then 'The connected account does not administer ' || full_name || ', and does not see its rules.'
        when mainbranch_name is null then full_name || ' has no branch.'
        when approvals is null then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs no approval.'
        when approvals < $1::integer then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs too few approvals: ' || approvals || '.'
        when not (enforcements > 0 or not $2::boolean) then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' should have ' || approvals || ' approvals, and can be merged without: merge checks are not enforced.'
        else 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs ' || approvals || ' approvals.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      protection
    order by
      full_name;
  EOQ

  param "min_approvals" {
    description = "Approvals that a pull request should need before it is merged into the main branch."
    default     = var.min_approvals
  }

  param "require_enforced_merge_checks" {
    description = "Whether a merge check counts only where it is enforced. Without the enforcement, which Bitbucket's Premium plan has, a check that fails is but a warning."
    default     = var.require_enforced_merge_checks
  }
}

query "branch_builds" {
  sql = <<-EOQ
    with repositories as materialized (
      select
        full_name,
        workspace_slug,
        project_key,
        permission,
        mainbranch_name
      from
        bitbucket_my_repository
    ),
    models as materialized (
      select
        repository_full_name,
        development_name,
        production_name
      from
        bitbucket_branching_model
    ),
    restrictions as materialized (
      select
        repository_full_name,
        branch_match_kind,
        branch_type,
        kind,
        pattern,
        value,
        users,
        groups
      from
        bitbucket_branch_restriction
    ),
    rules as (
      select
        r.full_name,
        b.kind,
        b.value,
        b.users,
        b.groups
      from
        repositories as r
        join restrictions as b on b.repository_full_name = r.full_name
        left join models as m on m.repository_full_name = r.full_name
      where
        case
          when b.branch_match_kind = 'glob' then r.mainbranch_name like replace(replace(replace(replace(b.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
          when b.branch_type = 'production' then m.production_name = r.mainbranch_name
          when b.branch_type = 'development' then m.development_name = r.mainbranch_name
        end
    ),
    protection as (
      select
        r.full_name,
        r.workspace_slug,
        r.permission,
        r.mainbranch_name,
        max(case when b.kind = 'require_approvals_to_merge' then b.value end) as approvals,
        count(case when b.kind in ('reset_pullrequest_approvals_on_change', 'smart_reset_pullrequest_approvals') then 1 end) as resets,
        max(case when b.kind = 'require_passing_builds_to_merge' then b.value end) as builds,
        count(case when b.kind = 'require_commits_behind' then 1 end) as behinds,
        count(case when b.kind = 'require_all_comments_resolved' then 1 end) as comments,
        count(case when b.kind = 'require_tasks_to_be_completed' then 1 end) as tasks,
        count(case when b.kind = 'enforce_merge_checks' then 1 end) as enforcements,
        count(case when b.kind = 'push' then 1 end) as pushes,
        count(case when b.kind = 'restrict_merges' then 1 end) as merges,
        count(case when b.kind = 'force' then 1 end) as forces,
        count(case when b.kind = 'delete' then 1 end) as deletes
      from
        repositories as r
        left join rules as b on b.full_name = r.full_name
      group by
        r.full_name, r.workspace_slug, r.permission, r.mainbranch_name
    )
    select
      full_name as resource,
      case
        when permission <> 'admin' then 'skip'
        when mainbranch_name is null then 'skip'
        when coalesce(builds, 0) < 1 then 'alarm'
        when not (enforcements > 0 or not $1::boolean) then 'alarm'
        else 'ok'
      end as status,
      case
        when permission <> 'admin' then 'The connected account does not administer ' || full_name || ', and does not see its rules.'
        when mainbranch_name is null then full_name || ' has no branch.'
        when coalesce(builds, 0) < 1 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs no passing build.'
        when not (enforcements > 0 or not $1::boolean) then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' should have a passing build, and can be merged without: merge checks are not enforced.'
        else 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs a passing build.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      protection
    order by
      full_name;
  EOQ

  param "require_enforced_merge_checks" {
    description = "Whether a merge check counts only where it is enforced. Without the enforcement, which Bitbucket's Premium plan has, a check that fails is but a warning."
    default     = var.require_enforced_merge_checks
  }
}

query "branch_comments" {
  sql = <<-EOQ
    with repositories as materialized (
      select
        full_name,
        workspace_slug,
        project_key,
        permission,
        mainbranch_name
      from
        bitbucket_my_repository
    ),
    models as materialized (
      select
        repository_full_name,
        development_name,
        production_name
      from
        bitbucket_branching_model
    ),
    restrictions as materialized (
      select
        repository_full_name,
        branch_match_kind,
        branch_type,
        kind,
        pattern,
        value,
        users,
        groups
      from
        bitbucket_branch_restriction
    ),
    rules as (
      select
        r.full_name,
        b.kind,
        b.value,
        b.users,
        b.groups
      from
        repositories as r
        join restrictions as b on b.repository_full_name = r.full_name
        left join models as m on m.repository_full_name = r.full_name
      where
        case
          when b.branch_match_kind = 'glob' then r.mainbranch_name like replace(replace(replace(replace(b.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
          when b.branch_type = 'production' then m.production_name = r.mainbranch_name
          when b.branch_type = 'development' then m.development_name = r.mainbranch_name
        end
    ),
    protection as (
      select
        r.full_name,
        r.workspace_slug,
        r.permission,
        r.mainbranch_name,
        max(case when b.kind = 'require_approvals_to_merge' then b.value end) as approvals,
        count(case when b.kind in ('reset_pullrequest_approvals_on_change', 'smart_reset_pullrequest_approvals') then 1 end) as resets,
        max(case when b.kind = 'require_passing_builds_to_merge' then b.value end) as builds,
        count(case when b.kind = 'require_commits_behind' then 1 end) as behinds,
        count(case when b.kind = 'require_all_comments_resolved' then 1 end) as comments,
        count(case when b.kind = 'require_tasks_to_be_completed' then 1 end) as tasks,
        count(case when b.kind = 'enforce_merge_checks' then 1 end) as enforcements,
        count(case when b.kind = 'push' then 1 end) as pushes,
        count(case when b.kind = 'restrict_merges' then 1 end) as merges,
        count(case when b.kind = 'force' then 1 end) as forces,
        count(case when b.kind = 'delete' then 1 end) as deletes
      from
        repositories as r
        left join rules as b on b.full_name = r.full_name
      group by
        r.full_name, r.workspace_slug, r.permission, r.mainbranch_name
    )
    select
      full_name as resource,
      case
        when permission <> 'admin' then 'skip'
        when mainbranch_name is null then 'skip'
        when comments = 0 or tasks = 0 then 'alarm'
        when not (enforcements > 0 or not $1::boolean) then 'alarm'
        else 'ok'
      end as status,
      case
        when permission <> 'admin' then 'The connected account does not administer ' || full_name || ', and does not see its rules.'
        when mainbranch_name is null then full_name || ' has no branch.'
        when comments = 0 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' may be merged with open comments.'
        when tasks = 0 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' may be merged with open tasks.'
        when not (enforcements > 0 or not $1::boolean) then 'Comments on a pull request into ' || mainbranch_name || ' of ' || full_name || ' should be resolved, and need not be: merge checks are not enforced.'
        else 'All comments on a pull request into ' || mainbranch_name || ' of ' || full_name || ' must be resolved, and all tasks completed.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      protection
    order by
      full_name;
  EOQ

  param "require_enforced_merge_checks" {
    description = "Whether a merge check counts only where it is enforced. Without the enforcement, which Bitbucket's Premium plan has, a check that fails is but a warning."
    default     = var.require_enforced_merge_checks
  }
}

query "branch_delete" {
  sql = <<-EOQ
    with repositories as materialized (
      select
        full_name,
        workspace_slug,
        project_key,
        permission,
        mainbranch_name
      from
        bitbucket_my_repository
    ),
    models as materialized (
      select
        repository_full_name,
        development_name,
        production_name
      from
        bitbucket_branching_model
    ),
    restrictions as materialized (
      select
        repository_full_name,
        branch_match_kind,
        branch_type,
        kind,
        pattern,
        value,
        users,
        groups
      from
        bitbucket_branch_restriction
    ),
    rules as (
      select
        r.full_name,
        b.kind,
        b.value,
        b.users,
        b.groups
      from
        repositories as r
        join restrictions as b on b.repository_full_name = r.full_name
        left join models as m on m.repository_full_name = r.full_name
      where
        case
          when b.branch_match_kind = 'glob' then r.mainbranch_name like replace(replace(replace(replace(b.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
          when b.branch_type = 'production' then m.production_name = r.mainbranch_name
          when b.branch_type = 'development' then m.development_name = r.mainbranch_name
        end
    ),
    protection as (
      select
        r.full_name,
        r.workspace_slug,
        r.permission,
        r.mainbranch_name,
        max(case when b.kind = 'require_approvals_to_merge' then b.value end) as approvals,
        count(case when b.kind in ('reset_pullrequest_approvals_on_change', 'smart_reset_pullrequest_approvals') then 1 end) as resets,
        max(case when b.kind = 'require_passing_builds_to_merge' then b.value end) as builds,
        count(case when b.kind = 'require_commits_behind' then 1 end) as behinds,
        count(case when b.kind = 'require_all_comments_resolved' then 1 end) as comments,
        count(case when b.kind = 'require_tasks_to_be_completed' then 1 end) as tasks,
        count(case when b.kind = 'enforce_merge_checks' then 1 end) as enforcements,
        count(case when b.kind = 'push' then 1 end) as pushes,
        count(case when b.kind = 'restrict_merges' then 1 end) as merges,
        count(case when b.kind = 'force' then 1 end) as forces,
        count(case when b.kind = 'delete' then 1 end) as deletes
      from
        repositories as r
        left join rules as b on b.full_name = r.full_name
      group by
        r.full_name, r.workspace_slug, r.permission, r.mainbranch_name
    )
    select
      full_name as resource,
      case
        when permission <> 'admin' then 'skip'
        when mainbranch_name is null then 'skip'
        when deletes = 0 then 'alarm'
        else 'ok'
      end as status,
      case
        when permission <> 'admin' then 'The connected account does not administer ' || full_name || ', and does not see its rules.'
        when mainbranch_name is null then full_name || ' has no branch.'
        when deletes = 0 then mainbranch_name || ' of ' || full_name || ' may be deleted.'
        else mainbranch_name || ' of ' || full_name || ' can not be deleted.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      protection
    order by
      full_name;
  EOQ
}

query "branch_force" {
  sql = <<-EOQ
    with repositories as materialized (
      select
        full_name,
        workspace_slug,
        project_key,
        permission,
        mainbranch_name
      from
        bitbucket_my_repository
    ),
    models as materialized (
      select
        repository_full_name,
        development_name,
        production_name
      from
        bitbucket_branching_model
    ),
    restrictions as materialized (
      select
        repository_full_name,
        branch_match_kind,
        branch_type,
        kind,
        pattern,
        value,
        users,
        groups
      from
        bitbucket_branch_restriction
    ),
    rules as (
      select
        r.full_name,
        b.kind,
        b.value,
        b.users,
        b.groups
      from
        repositories as r
        join restrictions as b on b.repository_full_name = r.full_name
        left join models as m on m.repository_full_name = r.full_name
      where
        case
          when b.branch_match_kind = 'glob' then r.mainbranch_name like replace(replace(replace(replace(b.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
          when b.branch_type = 'production' then m.production_name = r.mainbranch_name
          when b.branch_type = 'development' then m.development_name = r.mainbranch_name
        end
    ),
    protection as (
      select
        r.full_name,
        r.workspace_slug,
        r.permission,
        r.mainbranch_name,
        max(case when b.kind = 'require_approvals_to_merge' then b.value end) as approvals,
        count(case when b.kind in ('reset_pullrequest_approvals_on_change', 'smart_reset_pullrequest_approvals') then 1 end) as resets,
        max(case when b.kind = 'require_passing_builds_to_merge' then b.value end) as builds,
        count(case when b.kind = 'require_commits_behind' then 1 end) as behinds,
        count(case when b.kind = 'require_all_comments_resolved' then 1 end) as comments,
        count(case when b.kind = 'require_tasks_to_be_completed' then 1 end) as tasks,
        count(case when b.kind = 'enforce_merge_checks' then 1 end) as enforcements,
        count(case when b.kind = 'push' then 1 end) as pushes,
        count(case when b.kind = 'restrict_merges' then 1 end) as merges,
        count(case when b.kind = 'force' then 1 end) as forces,
        count(case when b.kind = 'delete' then 1 end) as deletes
      from
        repositories as r
        left join rules as b on b.full_name = r.full_name
      group by
        r.full_name, r.workspace_slug, r.permission, r.mainbranch_name
    )
    select
      full_name as resource,
      case
        when permission <> 'admin' then 'skip'
        when mainbranch_name is null then 'skip'
        when forces = 0 then 'alarm'
        else 'ok'
      end as status,
      case
        when permission <> 'admin' then 'The connected account does not administer ' || full_name || ', and does not see its rules.'
        when mainbranch_name is null then full_name || ' has no branch.'
        when forces = 0 then 'The history of ' || mainbranch_name || ' of ' || full_name || ' may be rewritten.'
        else 'The history of ' || mainbranch_name || ' of ' || full_name || ' is kept.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      protection
    order by
      full_name;
  EOQ
}

query "branch_pushes" {
  sql = <<-EOQ
    with repositories as materialized (
      select
        full_name,
        workspace_slug,
        project_key,
        permission,
        mainbranch_name
      from
        bitbucket_my_repository
    ),
    models as materialized (
      select
        repository_full_name,
        development_name,
        production_name
      from
        bitbucket_branching_model
    ),
    restrictions as materialized (
      select
        repository_full_name,
        branch_match_kind,
        branch_type,
        kind,
        pattern,
        value,
        users,
        groups
      from
        bitbucket_branch_restriction
    ),
    rules as (
      select
        r.full_name,
        b.kind,
        b.value,
        b.users,
        b.groups
      from
        repositories as r
        join restrictions as b on b.repository_full_name = r.full_name
        left join models as m on m.repository_full_name = r.full_name
      where
        case
          when b.branch_match_kind = 'glob' then r.mainbranch_name like replace(replace(replace(replace(b.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
          when b.branch_type = 'production' then m.production_name = r.mainbranch_name
          when b.branch_type = 'development' then m.development_name = r.mainbranch_name
        end
    ),
    protection as (
      select
        r.full_name,
        r.workspace_slug,
        r.permission,
        r.mainbranch_name,
        max(case when b.kind = 'require_approvals_to_merge' then b.value end) as approvals,
        count(case when b.kind in ('reset_pullrequest_approvals_on_change', 'smart_reset_pullrequest_approvals') then 1 end) as resets,
        max(case when b.kind = 'require_passing_builds_to_merge' then b.value end) as builds,
        count(case when b.kind = 'require_commits_behind' then 1 end) as behinds,
        count(case when b.kind = 'require_all_comments_resolved' then 1 end) as comments,
        count(case when b.kind = 'require_tasks_to_be_completed' then 1 end) as tasks,
        count(case when b.kind = 'enforce_merge_checks' then 1 end) as enforcements,
        count(case when b.kind = 'push' then 1 end) as pushes,
        count(case when b.kind = 'restrict_merges' then 1 end) as merges,
        count(case when b.kind = 'force' then 1 end) as forces,
        count(case when b.kind = 'delete' then 1 end) as deletes
      from
        repositories as r
        left join rules as b on b.full_name = r.full_name
      group by
        r.full_name, r.workspace_slug, r.permission, r.mainbranch_name
    )
    select
      full_name as resource,
      case
        when permission <> 'admin' then 'skip'
        when mainbranch_name is null then 'skip'
        when pushes = 0 or merges = 0 then 'alarm'
        else 'ok'
      end as status,
      case
        when permission <> 'admin' then 'The connected account does not administer ' || full_name || ', and does not see its rules.'
        when mainbranch_name is null then full_name || ' has no branch.'
        when pushes = 0 then 'Everybody with write access may push to ' || mainbranch_name || ' of ' || full_name || '.'
        when merges = 0 then 'Everybody with write access may merge into ' || mainbranch_name || ' of ' || full_name || '.'
        else 'Pushes to ' || mainbranch_name || ' of ' || full_name || ' and merges into it are limited to some.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      protection
    order by
      full_name;
  EOQ
}

query "branch_stale_approvals" {
  sql = <<-EOQ
    with repositories as materialized (
      select
        full_name,
        workspace_slug,
        project_key,
        permission,
        mainbranch_name
      from
        bitbucket_my_repository
    ),
    models as materialized (
      select
        repository_full_name,
        development_name,
        production_name
      from
        bitbucket_branching_model
    ),
    restrictions as materialized (
      select
        repository_full_name,
        branch_match_kind,
        branch_type,
        kind,
        pattern,
        value,
        users,
        groups
      from
        bitbucket_branch_restriction
    ),
    rules as (
      select
        r.full_name,
        b.kind,
        b.value,
        b.users,
        b.groups
      from
        repositories as r
        join restrictions as b on b.repository_full_name = r.full_name
        left join models as m on m.repository_full_name = r.full_name
      where
        case
          when b.branch_match_kind = 'glob' then r.mainbranch_name like replace(replace(replace(replace(b.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
          when b.branch_type = 'production' then m.production_name = r.mainbranch_name
          when b.branch_type = 'development' then m.development_name = r.mainbranch_name
        end
    ),
    protection as (
      select
        r.full_name,
        r.workspace_slug,
        r.permission,
        r.mainbranch_name,
        max(case when b.kind = 'require_approvals_to_merge' then b.value end) as approvals,
        count(case when b.kind in ('reset_pullrequest_approvals_on_change', 'smart_reset_pullrequest_approvals') then 1 end) as resets,
        max(case when b.kind = 'require_passing_builds_to_merge' then b.value end) as builds,
        count(case when b.kind = 'require_commits_behind' then 1 end) as behinds,
        count(case when b.kind = 'require_all_comments_resolved' then 1 end) as comments,
        count(case when b.kind = 'require_tasks_to_be_completed' then 1 end) as tasks,
        count(case when b.kind = 'enforce_merge_checks' then 1 end) as enforcements,
        count(case when b.kind = 'push' then 1 end) as pushes,
        count(case when b.kind = 'restrict_merges' then 1 end) as merges,
        count(case when b.kind = 'force' then 1 end) as forces,
        count(case when b.kind = 'delete' then 1 end) as deletes
      from
        repositories as r
        left join rules as b on b.full_name = r.full_name
      group by
        r.full_name, r.workspace_slug, r.permission, r.mainbranch_name
    )
    select
      full_name as resource,
      case
        when permission <> 'admin' then 'skip'
        when mainbranch_name is null then 'skip'
        when resets = 0 then 'alarm'
        else 'ok'
      end as status,
      case
        when permission <> 'admin' then 'The connected account does not administer ' || full_name || ', and does not see its rules.'
        when mainbranch_name is null then full_name || ' has no branch.'
        when resets = 0 then 'Approvals of a pull request into ' || mainbranch_name || ' of ' || full_name || ' outlast changes to it.'
        else 'Changes dismiss the approvals of a pull request into ' || mainbranch_name || ' of ' || full_name || '.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      protection
    order by
      full_name;
  EOQ
}

query "branch_up_to_date" {
  sql = <<-EOQ
    with repositories as materialized (
      select
        full_name,
        workspace_slug,
        project_key,
        permission,
        mainbranch_name
      from
        bitbucket_my_repository
    ),
    models as materialized (
      select
        repository_full_name,
        development_name,
        production_name
      from
        bitbucket_branching_model
    ),
    restrictions as materialized (
      select
        repository_full_name,
        branch_match_kind,
        branch_type,
        kind,
        pattern,
        value,
        users,
        groups
      from
        bitbucket_branch_restriction
    ),
    rules as (
      select
        r.full_name,
        b.kind,
        b.value,
        b.users,
        b.groups
      from
        repositories as r
        join restrictions as b on b.repository_full_name = r.full_name
        left join models as m on m.repository_full_name = r.full_name
      where
        case
          when b.branch_match_kind = 'glob' then r.mainbranch_name like replace(replace(replace(replace(b.pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')
          when b.branch_type = 'production' then m.production_name = r.mainbranch_name
          when b.branch_type = 'development' then m.development_name = r.mainbranch_name
        end
    ),
    protection as (
      select
        r.full_name,
        r.workspace_slug,
        r.permission,
        r.mainbranch_name,
        max(case when b.kind = 'require_approvals_to_merge' then b.value end) as approvals,
        count(case when b.kind in ('reset_pullrequest_approvals_on_change', 'smart_reset_pullrequest_approvals') then 1 end) as resets,
        max(case when b.kind = 'require_passing_builds_to_merge' then b.value end) as builds,
        count(case when b.kind = 'require_commits_behind' then 1 end) as behinds,
        count(case when b.kind = 'require_all_comments_resolved' then 1 end) as comments,
        count(case when b.kind = 'require_tasks_to_be_completed' then 1 end) as tasks,
        count(case when b.kind = 'enforce_merge_checks' then 1 end) as enforcements,
        count(case when b.kind = 'push' then 1 end) as pushes,
        count(case when b.kind = 'restrict_merges' then 1 end) as merges,
        count(case when b.kind = 'force' then 1 end) as forces,
        count(case when b.kind = 'delete' then 1 end) as deletes
      from
        repositories as r
        left join rules as b on b.full_name = r.full_name
      group by
        r.full_name, r.workspace_slug, r.permission, r.mainbranch_name
    )
    select
      full_name as resource,
      case
        when permission <> 'admin' then 'skip'
        when mainbranch_name is null then 'skip'
        when behinds = 0 then 'alarm'
        when not (enforcements > 0 or not $1::boolean) then 'alarm'
        else 'ok'
      end as status,
      case
        when permission <> 'admin' then 'The connected account does not administer ' || full_name || ', and does not see its rules.'
        when mainbranch_name is null then full_name || ' has no branch.'
        when behinds = 0 then 'A branch may be merged into ' || mainbranch_name || ' of ' || full_name || ' however far it is behind.'
        when not (enforcements > 0 or not $1::boolean) then 'A branch should be up to date with ' || mainbranch_name || ' of ' || full_name || ', and can be merged if it is not: merge checks are not enforced.'
        else 'A branch must be up to date with ' || mainbranch_name || ' of ' || full_name || ' before it is merged.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      protection
    order by
      full_name;
  EOQ

  param "require_enforced_merge_checks" {
    description = "Whether a merge check counts only where it is enforced. Without the enforcement, which Bitbucket's Premium plan has, a check that fails is but a warning."
    default     = var.require_enforced_merge_checks
  }
}

query "connected_account_repository" {
  sql = <<-EOQ
    select
      full_name as resource,
      case
        when not exists (select 1 from unnest($1::text[]) as pattern(value) where full_name like replace(replace(replace(replace(pattern.value, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')) then 'alarm'
        when permission <> $2::text then 'alarm'
        else 'ok'
      end as status,
      'The connected account was granted ' || permission || ' on ' || full_name ||
      case
        when not exists (select 1 from unnest($1::text[]) as pattern(value) where full_name like replace(replace(replace(replace(pattern.value, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')) then ', which it does not need.'
        when permission <> $2::text then ', and needs ' || $2::text || '.'
        else ', as it needs.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      bitbucket_my_repository
    order by
      full_name;
  EOQ

  param "needed_repositories" {
    description = "Patterns of the full names of the repositories that the connected account needs; * stands for any text."
    default     = var.needed_repositories
  }

  param "needed_permission" {
    description = "The permission on repositories that the connected account needs: read, write or admin. It sees keys, webhooks, branch rules and explicit grants with admin only."
    default     = var.needed_permission
  }
}

query "connected_account_workspace" {
  sql = <<-EOQ
    select
      slug as resource,
      case
        when not is_administrator then 'ok'
        when slug = any($1::text[]) then 'ok'
        else 'alarm'
      end as status,
      case
        when not is_administrator then 'The connected account does not administer ' || slug || '.'
        when slug = any($1::text[]) then 'The connected account administers ' || slug || ', as it is meant to.'
        else 'The connected account administers ' || slug || ', and so all of its repositories.'
      end as reason,
      slug as workspace
    from
      bitbucket_my_workspace
    order by
      slug;
  EOQ

  param "administered_workspaces" {
    description = "Slugs of the workspaces that the connected account is meant to administer."
    default     = var.administered_workspaces
  }
}

query "deploy_key_old" {
  sql = <<-EOQ
    with keys as (
      select
        repository_full_name || ' deploy key ' || id as resource,
        'Key ' || coalesce(nullif(label, ''), cast(id as text)) || ' of ' || repository_full_name as name,
        workspace_slug,
        repository_full_name,
        cast(null as text) as project_key,
        added_on,
        last_used
      from
        bitbucket_deploy_key
      union all
      select
        workspace_slug || '/' || project_key || ' deploy key ' || id,
        'Key ' || coalesce(nullif(label, ''), cast(id as text)) || ' of project ' || project_key || ' of ' || workspace_slug,
        workspace_slug,
        cast(null as text),
        project_key,
        added_on,
        last_used
      from
        bitbucket_project_deploy_key
    )
    select
      resource,
      case
        when added_on < now() - $1::integer * interval '1 day' then 'alarm'
        else 'ok'
      end as status,
      name || ' was added ' || (current_date - cast(added_on as date)) || ' days ago.' as reason,
      workspace_slug as workspace,
      project_key as project,
      repository_full_name as repository
    from
      keys
    order by
      resource;
  EOQ

  param "old_key_days" {
    description = "Days after which a deploy key should have been replaced."
    default     = var.old_key_days
  }
}

query "deploy_key_unused" {
  sql = <<-EOQ
    with keys as (
      select
        repository_full_name || ' deploy key ' || id as resource,
        'Key ' || coalesce(nullif(label, ''), cast(id as text)) || ' of ' || repository_full_name as name,
        workspace_slug,
        repository_full_name,
        cast(null as text) as project_key,
        added_on,
        last_used
      from
        bitbucket_deploy_key
      union all
      select
        workspace_slug || '/' || project_key || ' deploy key ' || id,
        'Key ' || coalesce(nullif(label, ''), cast(id as text)) || ' of project ' || project_key || ' of ' || workspace_slug,
        workspace_slug,
        cast(null as text),
        project_key,
        added_on,
        last_used
      from
        bitbucket_project_deploy_key
    )
    select
      resource,
      case
        when coalesce(last_used, added_on) < now() - $1::integer * interval '1 day' then 'alarm'
        else 'ok'
      end as status,
      case
        when last_used is null then name || ' was added ' || (current_date - cast(added_on as date)) || ' days ago, and never used.'
        else name || ' was last used ' || (current_date - cast(last_used as date)) || ' days ago.'
      end as reason,
      workspace_slug as workspace,
      project_key as project,
      repository_full_name as repository
    from
      keys
    order by
      resource;
  EOQ

  param "unused_key_days" {
    description = "Days after which a deploy key that was not used should be removed."
    default     = var.unused_key_days
  }
}

query "group_default_permission" {
  sql = <<-EOQ
    select
      workspace_slug || ':' || slug as resource,
      case
        when permission in ('write', 'admin') then 'alarm'
        else 'ok'
      end as status,
      name || case when permission is null then ' is granted nothing' else ' is granted ' || permission end || ' on each new repository of ' || workspace_slug || '.' as reason,
      workspace_slug as workspace,
      slug as group_slug
    from
      bitbucket_group
    order by
      workspace_slug, slug;
  EOQ
}

query "group_write_access" {
  sql = <<-EOQ
    with repositories as materialized (
      select
        workspace_slug,
        project_key,
        full_name
      from
        bitbucket_my_repository
    ),
    grants as (
      select
        workspace_slug,
        group_slug,
        repository_full_name as full_name
      from
        bitbucket_repository_group_permission
      where
        permission in ('write', 'admin')
      union
      select
        r.workspace_slug,
        p.group_slug,
        r.full_name
      from
        repositories as r
        join bitbucket_project_group_permission as p on p.workspace_slug = r.workspace_slug and p.project_key = r.project_key
      where
        p.permission in ('write', 'create-repo', 'admin')
    ),
    totals as (
      select
        workspace_slug,
        count(*) as repositories
      from
        repositories
      group by
        workspace_slug
    ),
    groups_with_counts as (
      select
        g.workspace_slug,
        g.slug,
        max(g.name) as name,
        max(t.repositories) as total,
        count(w.full_name) as writable
      from
        bitbucket_group as g
        join totals as t on t.workspace_slug = g.workspace_slug
        left join grants as w on w.workspace_slug = g.workspace_slug and w.group_slug = g.slug
      group by
        g.workspace_slug, g.slug
    )
    select
      workspace_slug || ':' || slug as resource,
      case
        when writable * 100 > total * $1::integer then 'alarm'
        else 'ok'
      end as status,
      name || ' may write to ' || writable || ' of ' || total || ' repositories of ' || workspace_slug || '.' as reason,
      workspace_slug as workspace,
      slug as group_slug
    from
      groups_with_counts
    order by
      workspace_slug, slug;
  EOQ

  param "max_group_write_percent" {
    description = "Percentage of a workspace's repositories that a group may write to."
    default     = var.max_group_write_percent
  }
}

query "member_inactive" {
  sql = <<-EOQ
    with authors as materialized (
      select distinct
        workspace_slug,
        author_uuid
      from
        bitbucket_commit
      where
        date >= now() - $1::integer * interval '1 day'
    )
    select
      m.workspace_slug || ' ' || m.user_uuid as resource,
      case
        when m.last_accessed < now() - $1::integer * interval '1 day' then 'alarm'
        when m.last_accessed is null and a.author_uuid is null then 'info'
        else 'ok'
      end as status,
      m.display_name ||
      case
        when m.last_accessed is not null then ' last used ' || m.workspace_slug || ' ' || (current_date - cast(m.last_accessed as date)) || ' days ago.'
        when a.author_uuid is not null then ' has recent commits in ' || m.workspace_slug || '; Bitbucket does not tell of other use.'
        else ' has no recent commits in ' || m.workspace_slug || ', and Bitbucket does not tell whether they use it otherwise.'
      end as reason,
      m.workspace_slug as workspace,
      m.display_name as user_name
    from
      bitbucket_workspace_member as m
      left join authors as a on a.workspace_slug = m.workspace_slug and a.author_uuid = m.user_uuid
    order by
      m.workspace_slug, m.display_name;
  EOQ

  param "inactive_member_days" {
    description = "Days after which a member who did not use the workspace counts as inactive."
    default     = var.inactive_member_days
  }
}

query "repository_administrators" {
  sql = <<-EOQ
    with repositories as (
      select
        workspace_slug,
        repository_full_name,
        count(*) filter (where permission = 'admin') as administrators
      from
        bitbucket_repository_access
      group by
        workspace_slug, repository_full_name
    )
    select
      repository_full_name as resource,
      case
        when administrators between $1::integer and $2::integer then 'ok'
        else 'alarm'
      end as status,
      repository_full_name || ' has ' || administrators || case when administrators = 1 then ' administrator.' else ' administrators.' end as reason,
      workspace_slug as workspace,
      repository_full_name as repository
    from
      repositories
    order by
      repository_full_name;
  EOQ

  param "min_repository_administrators" {
    description = "The fewest administrators that a repository should have, those of its workspace included."
    default     = var.min_repository_administrators
  }

  param "max_repository_administrators" {
    description = "The most administrators that a repository should have, those of its workspace included."
    default     = var.max_repository_administrators
  }
}

query "repository_creators" {
  sql = <<-EOQ
    with owners as materialized (
      select
        workspace_slug,
        user_uuid,
        account_id,
        display_name,
        permission
      from
        bitbucket_workspace_member
      where
        permission in ('owner', 'create-project')
    ),
    creators as (
      select
        workspace_slug,
        project_key,
        user_display_name as name
      from
        bitbucket_project_user_permission as p
      where
        permission in ('create-repo', 'admin')
        and not user_uuid = any($1::text[])
        and not coalesce(user_account_id, user_uuid) = any($1::text[])
        and not exists (
          select 1 from owners as o
          where o.workspace_slug = p.workspace_slug and o.user_uuid = p.user_uuid and o.permission = 'owner'
        )
      union all
      select
        workspace_slug,
        project_key,
        group_name
      from
        bitbucket_project_group_permission
      where
        permission in ('create-repo', 'admin')
        and not group_slug = any($1::text[])
    ),
    projects as (
      select
        p.workspace_slug,
        p.key,
        string_agg(c.name, ', ' order by c.name) as names
      from
        bitbucket_project as p
        left join creators as c on c.workspace_slug = p.workspace_slug and c.project_key = p.key
      where
        p.workspace_slug in (select slug from bitbucket_my_workspace where is_administrator)
      group by
        p.workspace_slug, p.key
    ),
    workspaces as (
      select
        workspace_slug,
        string_agg(display_name, ', ' order by display_name) filter (
          where
            permission = 'create-project'
            and not user_uuid = any($1::text[])
            and not coalesce(account_id, user_uuid) = any($1::text[])
        ) as names
      from
        owners
      group by
        workspace_slug
    )
    select
      workspace_slug || '/' || key as resource,
      case
        when names is null then 'ok'
        else 'alarm'
      end as status,
      case
        when names is null then 'Only administrators of the workspace and trusted users create repositories in project ' || key || ' of ' || workspace_slug || '.'
        else 'Repositories in project ' || key || ' of ' || workspace_slug || ' can be created by ' || names || '.'
      end as reason,
      workspace_slug as workspace,
      key as project
    from
      projects
    union all
    select
      workspace_slug,
      case
        when names is null then 'ok'
        else 'alarm'
      end,
      case
        when names is null then 'Only administrators and trusted users create projects in ' || workspace_slug || '.'
        else 'Projects in ' || workspace_slug || ' can be created by ' || names || '.'
      end,
      workspace_slug,
      cast(null as text)
    from
      workspaces
    order by
      resource;
  EOQ

  param "trusted_creators" {
    description = "Ids, in braces, or Atlassian account ids of users, or slugs of groups, who may create repositories or projects."
    default     = var.trusted_creators
  }
}

query "repository_fork_policy" {
  sql = <<-EOQ
    select
      full_name as resource,
      case
        when not is_private then 'skip'
        when fork_policy = 'allow_forks' then 'alarm'
        else 'ok'
      end as status,
      case
        when not is_private then full_name || ' is public.'
        when fork_policy = 'allow_forks' then 'Private ' || full_name || ' may have public forks.'
        when fork_policy = 'no_public_forks' then 'Private ' || full_name || ' may have private forks only.'
        else 'Private ' || full_name || ' may have no forks.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      bitbucket_repository
    order by
      full_name;
  EOQ
}

query "repository_inactive" {
  sql = <<-EOQ
    select
      full_name as resource,
      case
        when updated_on < now() - $1::integer * interval '1 day' then 'alarm'
        else 'ok'
      end as status,
      full_name || ' last changed ' || (current_date - cast(updated_on as date)) || ' days ago.' as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      bitbucket_repository
    order by
      full_name;
  EOQ

  param "inactive_repository_days" {
    description = "Days after which a repository that did not change counts as inactive."
    default     = var.inactive_repository_days
  }
}

query "repository_public" {
  sql = <<-EOQ
    select
      full_name as resource,
      case
        when is_private then 'ok'
        when exists (select 1 from unnest($1::text[]) as pattern(value) where full_name like replace(replace(replace(replace(pattern.value, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')) then 'ok'
        else 'alarm'
      end as status,
      case
        when is_private then full_name || ' is private.'
        when exists (select 1 from unnest($1::text[]) as pattern(value) where full_name like replace(replace(replace(replace(pattern.value, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')) then full_name || ' is public, as it is meant to be.'
        else 'Everybody can read ' || full_name || '.'
      end as reason,
      workspace_slug as workspace,
      full_name as repository
    from
      bitbucket_repository
    order by
      full_name;
  EOQ

  param "public_repositories" {
    description = "Patterns of the full names of the repositories that are meant to be public; * stands for any text."
    default     = var.public_repositories
  }
}

query "repository_trusted_administrators" {
  sql = <<-EOQ
    with repositories as (
      select
        workspace_slug,
        repository_full_name,
        string_agg(user_display_name, ', ' order by user_display_name) filter (
          where
            permission = 'admin'
            and is_workspace_owner is not true
            and not user_uuid = any($1::text[])
            and not coalesce(user_account_id, user_uuid) = any($1::text[])
        ) as untrusted
      from
        bitbucket_repository_access
      group by
        workspace_slug, repository_full_name
    )
    select
      repository_full_name as resource,
      case
        when untrusted is null then 'ok'
        else 'alarm'
      end as status,
      case
        when untrusted is null then 'Only administrators of the workspace and trusted users can delete ' || repository_full_name || '.'
        else repository_full_name || ' can be deleted by ' || untrusted || '.'
      end as reason,
      workspace_slug as workspace,
      repository_full_name as repository
    from
      repositories
    order by
      repository_full_name;
  EOQ

  param "trusted_administrators" {
    description = "Ids, in braces, or Atlassian account ids of users who may administer repositories without administering the workspace."
    default     = var.trusted_administrators
  }
}

query "variable_secured" {
  sql = <<-EOQ
    with variables as (
      select
        workspace_slug || ' variable ' || key as resource,
        'Variable ' || key || ' of ' || workspace_slug as name,
        key,
        secured,
        workspace_slug,
        cast(null as text) as repository_full_name
      from
        bitbucket_workspace_variable
      union all
      select
        repository_full_name || ' variable ' || key,
        'Variable ' || key || ' of ' || repository_full_name,
        key,
        secured,
        workspace_slug,
        repository_full_name
      from
        bitbucket_repository_variable
      union all
      select
        repository_full_name || ' environment ' || environment_uuid || ' variable ' || key,
        'Variable ' || key || ' of environment ' || environment_name || ' of ' || repository_full_name,
        key,
        secured,
        workspace_slug,
        repository_full_name
      from
        bitbucket_deployment_variable
    )
    select
      resource,
      case
        when secured then 'ok'
        when exists (select 1 from unnest($1::text[]) as pattern(value) where upper(key) like replace(replace(replace(replace(pattern.value, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')) then 'alarm'
        else 'ok'
      end as status,
      name ||
      case
        when secured then ' is secured.'
        when exists (select 1 from unnest($1::text[]) as pattern(value) where upper(key) like replace(replace(replace(replace(pattern.value, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%')) then ' is not secured, and its name is that of a secret.'
        else ' is not secured, and its name is not that of a secret.'
      end as reason,
      workspace_slug as workspace,
      repository_full_name as repository
    from
      variables
    order by
      resource;
  EOQ

  param "secret_names" {
    description = "Patterns of the names, in capitals, of pipelines' variables that hold secrets; * stands for any text."
    default     = var.secret_names
  }
}

query "webhook_certificate" {
  sql = <<-EOQ
    with webhooks as (
      select
        uuid,
        'Webhook to ' || url || ' of ' || repository_full_name as name,
        url,
        active,
        secret_set,
        skip_cert_verification,
        workspace_slug,
        repository_full_name
      from
        bitbucket_webhook
      union all
      select
        uuid,
        'Webhook to ' || url || ' of ' || workspace_slug,
        url,
        active,
        secret_set,
        skip_cert_verification,
        workspace_slug,
        cast(null as text)
      from
        bitbucket_workspace_webhook
    )
    select
      coalesce(repository_full_name, workspace_slug) || ' webhook ' || uuid as resource,
      case
        when not active then 'skip'
        when url not like 'https:%' then 'alarm'
        when skip_cert_verification then 'alarm'
        else 'ok'
      end as status,
      name ||
      case
        when not active then ' is not active.'
        when url not like 'https:%' then ' is sent without encryption.'
        when skip_cert_verification then ' is sent to whoever answers: the certificate is not checked.'
        else ' is sent after a check of the certificate.'
      end as reason,
      workspace_slug as workspace,
      repository_full_name as repository
    from
      webhooks
    order by
      resource;
  EOQ
}

query "webhook_secret" {
  sql = <<-EOQ
    with webhooks as (
      select
        uuid,
        'Webhook to ' || url || ' of ' || repository_full_name as name,
        url,
        active,
        secret_set,
        skip_cert_verification,
        workspace_slug,
        repository_full_name
      from
        bitbucket_webhook
      union all
      select
        uuid,
        'Webhook to ' || url || ' of ' || workspace_slug,
        url,
        active,
        secret_set,
        skip_cert_verification,
        workspace_slug,
        cast(null as text)
      from
        bitbucket_workspace_webhook
    )
    select
      coalesce(repository_full_name, workspace_slug) || ' webhook ' || uuid as resource,
      case
        when not active then 'skip'
        when secret_set is null then 'info'
        when secret_set then 'ok'
        else 'alarm'
      end as status,
      name ||
      case
        when not active then ' is not active.'
        when secret_set is null then ': Bitbucket does not tell whether it has a secret.'
        when secret_set then ' has a secret.'
        else ' has no secret: the receiver can not tell it from a forgery.'
      end as reason,
      workspace_slug as workspace,
      repository_full_name as repository
    from
      webhooks
    order by
      resource;
  EOQ
}

query "workspace_administrators" {
  sql = <<-EOQ
    with workspaces as (
      select
        workspace_slug,
        count(*) filter (where permission = 'owner') as administrators,
        string_agg(display_name, ', ' order by display_name) filter (where permission = 'owner') as names
      from
        bitbucket_workspace_member
      group by
        workspace_slug
    )
    select
      workspace_slug as resource,
      case
        when administrators between $1::integer and $2::integer then 'ok'
        else 'alarm'
      end as status,
      workspace_slug || ' has ' || administrators || case when administrators = 1 then ' administrator' else ' administrators' end || coalesce(': ' || names, '') || '.' as reason,
      workspace_slug as workspace
    from
      workspaces
    order by
      workspace_slug;
  EOQ

  param "min_workspace_administrators" {
    description = "The fewest administrators that a workspace should have."
    default     = var.min_workspace_administrators
  }

  param "max_workspace_administrators" {
    description = "The most administrators that a workspace should have."
    default     = var.max_workspace_administrators
  }
}

query "workspace_forking" {
  sql = <<-EOQ
    select
      slug as resource,
      case
        when forking_mode = 'allow_forks' then 'alarm'
        else 'ok'
      end as status,
      case
        when forking_mode = 'allow_forks' then 'Private repositories of ' || slug || ' may be forked to other workspaces.'
        else 'The forking mode of ' || slug || ' is ' || forking_mode || '.'
      end as reason,
      slug as workspace
    from
      bitbucket_workspace
    order by
      slug;
  EOQ
}

query "workspace_privacy" {
  sql = <<-EOQ
    select
      slug as resource,
      case
        when is_privacy_enforced then 'ok'
        else 'alarm'
      end as status,
      case
        when is_privacy_enforced then 'Repositories of ' || slug || ' can not be made public.'
        else 'Whoever administers a repository of ' || slug || ' can make it public.'
      end as reason,
      slug as workspace
    from
      bitbucket_workspace
    order by
      slug;
  EOQ
}
