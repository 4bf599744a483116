# Written by `go generate ./internal/audit`, which has the sources. Do not edit.

query "access_direct_beside_group" {
  sql = <<-EOQ
    with judged as materialized (
      select
        repository_full_name || ' ' || user_uuid as resource,
        case
          when is_direct = false or is_workspace_owner = true then null
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when full_name in (select repository from judged) then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository,
      coalesce(user_name, '') as user_name
    from
      judged
    where
      status is not null
    union all
    select
      'grants in person',
      'ok',
      'There are no grants in person, in what the connected account was shown: those of ' || shown || '.',
      '',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'grants in person not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows grants in person to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, user_name, resource;
  EOQ
}

query "access_outsider" {
  sql = <<-EOQ
    with judged as materialized (
      with accesses as materialized (
        select
          workspace_slug,
          repository_full_name,
          user_uuid,
          user_account_id,
          user_display_name,
          is_member
        from
          bitbucket_repository_access
      ),
      grantees as (
        select
          workspace_slug,
          user_uuid,
          user_account_id,
          is_member,
          max(user_display_name) as name,
          count(*) as repositories
        from
          accesses
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
        name as user_name,
        cast(null as text) as repository
      from
        grantees
      union all
      select distinct
        cast(null as text),
        cast(null as text),
        cast(null as text),
        workspace_slug,
        cast(null as text),
        repository_full_name
      from
        accesses
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when full_name in (select repository from judged) then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(user_name, '') as user_name
    from
      judged
    where
      status is not null
    union all
    select
      'users with access',
      'ok',
      'There are no users with access, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'users with access not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows users with access to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, user_name, resource;
  EOQ

  param "trusted_outsiders" {
    description = "Ids, in braces, or Atlassian account ids of users who may have access without being members of the workspace."
    default     = var.trusted_outsiders
  }
}

query "access_unexplained" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when full_name in (select repository from judged) then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'users with access',
      'ok',
      'There are no users with access, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'users with access not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows users with access to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ
}

query "branch_administrators" {
  sql = <<-EOQ
    with judged as materialized (
      with repositories as materialized (
        select
          full_name,
          workspace_slug,
          project_key,
          mainbranch_name
        from
          bitbucket_my_repository
        where
          permission = 'admin'
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
          r.full_name, r.workspace_slug, r.mainbranch_name
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
      project_groups as materialized (
        select
          workspace_slug,
          project_key,
          group_slug,
          group_name
        from
          bitbucket_project_group_permission
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
          join project_groups as p on p.workspace_slug = r.workspace_slug and p.project_key = r.project_key
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
          when mainbranch_name is null then 'skip'
          when pushes = 0 or names is not null then 'alarm'
          else 'ok'
        end as status,
        case
          when mainbranch_name is null then full_name || ' has no branch.'
          when pushes = 0 then 'Administrators may push to ' || mainbranch_name || ' of ' || full_name || ', as may all with write access' || '; rules that its project may carry can not be read.'
          when names is not null then 'Rules for ' || mainbranch_name || ' of ' || full_name || ' exempt administrators: ' || names || '; rules that its project may carry can not be read.'
          else 'Rules for ' || mainbranch_name || ' of ' || full_name || ' bind administrators too.'
        end as reason,
        workspace_slug as workspace,
        full_name as repository
      from
        protection
        left join exemptions on repository_full_name = full_name
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'rules for branches',
      'ok',
      'There are no rules for branches, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'rules for branches not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows rules for branches to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ
}

query "branch_approvals" {
  sql = <<-EOQ
    with judged as materialized (
      with repositories as materialized (
        select
          full_name,
          workspace_slug,
          project_key,
          mainbranch_name
        from
          bitbucket_my_repository
        where
          permission = 'admin'
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
          r.full_name, r.workspace_slug, r.mainbranch_name
      ),
      checks as materialized (
        select
          repository_full_name,
          pull_request_id,
          kind,
          required,
          case when kind in ('minimum_approvals', 'minimum_successful_builds') then cast(requirement ->> kind as integer) end as needed
        from
          bitbucket_pull_request_merge_check
        where
          pull_request_is_latest_into_main = true
      ),
      in_force as (
        select
          repository_full_name,
          max(pull_request_id) as pull_request_id,
          max(case when kind = 'minimum_approvals' and (required or not $1::boolean) then needed end) as approvals_in_force,
          max(case when kind = 'minimum_successful_builds' and (required or not $1::boolean) then needed end) as builds_in_force,
          count(case when kind = 'maximum_commits_behind' and (required or not $1::boolean) then 1 end) as behinds_in_force,
          count(case when kind = 'resolved_tasks' and (required or not $1::boolean) then 1 end) as tasks_in_force,
          count(case when kind is not null and (required or not $1::boolean) then 1 end) as enforced_in_force
        from
          checks
        group by
          repository_full_name
      )
      select
        full_name as resource,
        case
          when mainbranch_name is null then 'skip'
          when approvals >= $2::integer and (enforcements > 0 or not $1::boolean) then 'ok'
          when approvals_in_force >= $2::integer then 'ok'
          else 'alarm'
        end as status,
        case
          when mainbranch_name is null then full_name || ' has no branch.'
          when approvals >= $2::integer and (enforcements > 0 or not $1::boolean) then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs ' || approvals || ' approvals.'
          when approvals_in_force >= $2::integer then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs ' || approvals_in_force || ' approvals' || ', as the merge checks of pull request ' || pull_request_id || ' show.'
          when coalesce(approvals, approvals_in_force) is null then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs no approval' || case when pull_request_id is null then '; rules that its project may carry can not be read.' else ', as the merge checks of pull request ' || pull_request_id || ' show.' end
          when coalesce(approvals, approvals_in_force) < $2::integer then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs too few approvals, ' || coalesce(approvals, approvals_in_force) || case when pull_request_id is null then '; rules that its project may carry can not be read.' else ', as the merge checks of pull request ' || pull_request_id || ' show.' end
          else 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' should have ' || approvals || ' approvals, and can be merged without: merge checks are not enforced' || case when pull_request_id is null then '; rules that its project may carry can not be read.' else ', as the merge checks of pull request ' || pull_request_id || ' show.' end
        end as reason,
        workspace_slug as workspace,
        full_name as repository
      from
        protection
        left join in_force on repository_full_name = full_name
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    ),
    refused as (
      select
        'min_approvals' as variable,
        'min_approvals is ' || cast($2::integer as text) || ', and should be a number from 1.' as reason
      where
        not ($2::integer >= 1)
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
      and not exists (select 1 from refused)
    union all
    select
      'rules for branches',
      'ok',
      'There are no rules for branches, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
      and not exists (select 1 from refused)
    union all
    select
      'rules for branches not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows rules for branches to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
      and not exists (select 1 from refused)
    union all
    select
      variable,
      'error',
      reason,
      '',
      ''
    from
      refused
    order by
      workspace, repository, resource;
  EOQ

  param "require_enforced_merge_checks" {
    description = "Whether a merge check counts only where it is enforced. Without the enforcement, which Bitbucket's Premium plan has, a check that fails is but a warning."
    default     = var.require_enforced_merge_checks
  }

  param "min_approvals" {
    description = "Approvals that a pull request should need before it is merged into the main branch."
    default     = var.min_approvals
  }
}

query "branch_builds" {
  sql = <<-EOQ
    with judged as materialized (
      with repositories as materialized (
        select
          full_name,
          workspace_slug,
          project_key,
          mainbranch_name
        from
          bitbucket_my_repository
        where
          permission = 'admin'
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
          r.full_name, r.workspace_slug, r.mainbranch_name
      ),
      checks as materialized (
        select
          repository_full_name,
          pull_request_id,
          kind,
          required,
          case when kind in ('minimum_approvals', 'minimum_successful_builds') then cast(requirement ->> kind as integer) end as needed
        from
          bitbucket_pull_request_merge_check
        where
          pull_request_is_latest_into_main = true
      ),
      in_force as (
        select
          repository_full_name,
          max(pull_request_id) as pull_request_id,
          max(case when kind = 'minimum_approvals' and (required or not $1::boolean) then needed end) as approvals_in_force,
          max(case when kind = 'minimum_successful_builds' and (required or not $1::boolean) then needed end) as builds_in_force,
          count(case when kind = 'maximum_commits_behind' and (required or not $1::boolean) then 1 end) as behinds_in_force,
          count(case when kind = 'resolved_tasks' and (required or not $1::boolean) then 1 end) as tasks_in_force,
          count(case when kind is not null and (required or not $1::boolean) then 1 end) as enforced_in_force
        from
          checks
        group by
          repository_full_name
      )
      select
        full_name as resource,
        case
          when mainbranch_name is null then 'skip'
          when builds >= 1 and (enforcements > 0 or not $1::boolean) then 'ok'
          when builds_in_force >= 1 then 'ok'
          else 'alarm'
        end as status,
        case
          when mainbranch_name is null then full_name || ' has no branch.'
          when builds >= 1 and (enforcements > 0 or not $1::boolean) then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs a passing build.'
          when builds_in_force >= 1 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs a passing build' || ', as the merge checks of pull request ' || pull_request_id || ' show.'
          when coalesce(builds, 0) < 1 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs no passing build' || case when pull_request_id is null then '; rules that its project may carry can not be read.' else ', as the merge checks of pull request ' || pull_request_id || ' show.' end
          else 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' should have a passing build, and can be merged without: merge checks are not enforced' || case when pull_request_id is null then '; rules that its project may carry can not be read.' else ', as the merge checks of pull request ' || pull_request_id || ' show.' end
        end as reason,
        workspace_slug as workspace,
        full_name as repository
      from
        protection
        left join in_force on repository_full_name = full_name
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'rules for branches',
      'ok',
      'There are no rules for branches, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'rules for branches not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows rules for branches to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ

  param "require_enforced_merge_checks" {
    description = "Whether a merge check counts only where it is enforced. Without the enforcement, which Bitbucket's Premium plan has, a check that fails is but a warning."
    default     = var.require_enforced_merge_checks
  }
}

query "branch_comments" {
  sql = <<-EOQ
    with judged as materialized (
      with repositories as materialized (
        select
          full_name,
          workspace_slug,
          project_key,
          mainbranch_name
        from
          bitbucket_my_repository
        where
          permission = 'admin'
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
          r.full_name, r.workspace_slug, r.mainbranch_name
      ),
      checks as materialized (
        select
          repository_full_name,
          pull_request_id,
          kind,
          required,
          case when kind in ('minimum_approvals', 'minimum_successful_builds') then cast(requirement ->> kind as integer) end as needed
        from
          bitbucket_pull_request_merge_check
        where
          pull_request_is_latest_into_main = true
      ),
      in_force as (
        select
          repository_full_name,
          max(pull_request_id) as pull_request_id,
          max(case when kind = 'minimum_approvals' and (required or not $1::boolean) then needed end) as approvals_in_force,
          max(case when kind = 'minimum_successful_builds' and (required or not $1::boolean) then needed end) as builds_in_force,
          count(case when kind = 'maximum_commits_behind' and (required or not $1::boolean) then 1 end) as behinds_in_force,
          count(case when kind = 'resolved_tasks' and (required or not $1::boolean) then 1 end) as tasks_in_force,
          count(case when kind is not null and (required or not $1::boolean) then 1 end) as enforced_in_force
        from
          checks
        group by
          repository_full_name
      )
      select
        full_name as resource,
        case
          when mainbranch_name is null then 'skip'
          when comments = 0 then 'alarm'
          when tasks = 0 and coalesce(tasks_in_force, 0) = 0 then 'alarm'
          when not (enforcements > 0 or not $1::boolean) and coalesce(enforced_in_force, 0) = 0 then 'alarm'
          else 'ok'
        end as status,
        case
          when mainbranch_name is null then full_name || ' has no branch.'
          when comments = 0 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' may be merged with open comments' || '; rules that its project may carry can not be read.'
          when tasks = 0 and coalesce(tasks_in_force, 0) = 0 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' may be merged with open tasks' || case when pull_request_id is null then '; rules that its project may carry can not be read.' else ', as the merge checks of pull request ' || pull_request_id || ' show.' end
          when not (enforcements > 0 or not $1::boolean) and coalesce(enforced_in_force, 0) = 0 then 'Comments on a pull request into ' || mainbranch_name || ' of ' || full_name || ' should be resolved, and need not be: merge checks are not enforced' || case when pull_request_id is null then '; rules that its project may carry can not be read.' else ', as the merge checks of pull request ' || pull_request_id || ' show.' end
          when tasks > 0 and (enforcements > 0 or not $1::boolean) then 'All comments on a pull request into ' || mainbranch_name || ' of ' || full_name || ' must be resolved, and all tasks completed.'
          else 'All comments on a pull request into ' || mainbranch_name || ' of ' || full_name || ' must be resolved, and all tasks completed' || ', as the merge checks of pull request ' || pull_request_id || ' show.'
        end as reason,
        workspace_slug as workspace,
        full_name as repository
      from
        protection
        left join in_force on repository_full_name = full_name
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'rules for branches',
      'ok',
      'There are no rules for branches, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'rules for branches not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows rules for branches to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ

  param "require_enforced_merge_checks" {
    description = "Whether a merge check counts only where it is enforced. Without the enforcement, which Bitbucket's Premium plan has, a check that fails is but a warning."
    default     = var.require_enforced_merge_checks
  }
}

query "branch_delete" {
  sql = <<-EOQ
    with judged as materialized (
      with repositories as materialized (
        select
          full_name,
          workspace_slug,
          project_key,
          mainbranch_name
        from
          bitbucket_my_repository
        where
          permission = 'admin'
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
          r.full_name, r.workspace_slug, r.mainbranch_name
      )
      select
        full_name as resource,
        case
          when mainbranch_name is null then 'skip'
          when deletes = 0 then 'alarm'
          else 'ok'
        end as status,
        case
          when mainbranch_name is null then full_name || ' has no branch.'
          when deletes = 0 then mainbranch_name || ' of ' || full_name || ' may be deleted' || '; rules that its project may carry can not be read.'
          else mainbranch_name || ' of ' || full_name || ' can not be deleted.'
        end as reason,
        workspace_slug as workspace,
        full_name as repository
      from
        protection
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'rules for branches',
      'ok',
      'There are no rules for branches, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'rules for branches not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows rules for branches to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ
}

query "branch_force" {
  sql = <<-EOQ
    with judged as materialized (
      with repositories as materialized (
        select
          full_name,
          workspace_slug,
          project_key,
          mainbranch_name
        from
          bitbucket_my_repository
        where
          permission = 'admin'
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
          r.full_name, r.workspace_slug, r.mainbranch_name
      )
      select
        full_name as resource,
        case
          when mainbranch_name is null then 'skip'
          when forces = 0 then 'alarm'
          else 'ok'
        end as status,
        case
          when mainbranch_name is null then full_name || ' has no branch.'
          when forces = 0 then 'The history of ' || mainbranch_name || ' of ' || full_name || ' may be rewritten' || '; rules that its project may carry can not be read.'
          else 'The history of ' || mainbranch_name || ' of ' || full_name || ' is kept.'
        end as reason,
        workspace_slug as workspace,
        full_name as repository
      from
        protection
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'rules for branches',
      'ok',
      'There are no rules for branches, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'rules for branches not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows rules for branches to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ
}

query "branch_pushes" {
  sql = <<-EOQ
    with judged as materialized (
      with repositories as materialized (
        select
          full_name,
          workspace_slug,
          project_key,
          mainbranch_name
        from
          bitbucket_my_repository
        where
          permission = 'admin'
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
          r.full_name, r.workspace_slug, r.mainbranch_name
      )
      select
        full_name as resource,
        case
          when mainbranch_name is null then 'skip'
          when pushes = 0 or merges = 0 then 'alarm'
          else 'ok'
        end as status,
        case
          when mainbranch_name is null then full_name || ' has no branch.'
          when pushes = 0 then 'Everybody with write access may push to ' || mainbranch_name || ' of ' || full_name || '; rules that its project may carry can not be read.'
          when merges = 0 then 'Everybody with write access may merge into ' || mainbranch_name || ' of ' || full_name || '; rules that its project may carry can not be read.'
          else 'Pushes to ' || mainbranch_name || ' of ' || full_name || ' and merges into it are limited to some.'
        end as reason,
        workspace_slug as workspace,
        full_name as repository
      from
        protection
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'rules for branches',
      'ok',
      'There are no rules for branches, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'rules for branches not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows rules for branches to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ
}

query "branch_stale_approvals" {
  sql = <<-EOQ
    with judged as materialized (
      with repositories as materialized (
        select
          full_name,
          workspace_slug,
          project_key,
          mainbranch_name
        from
          bitbucket_my_repository
        where
          permission = 'admin'
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
          r.full_name, r.workspace_slug, r.mainbranch_name
      )
      select
        full_name as resource,
        case
          when mainbranch_name is null then 'skip'
          when resets = 0 then 'alarm'
          else 'ok'
        end as status,
        case
          when mainbranch_name is null then full_name || ' has no branch.'
          when resets = 0 then 'Approvals of a pull request into ' || mainbranch_name || ' of ' || full_name || ' outlast changes to it' || '; rules that its project may carry can not be read.'
          else 'Changes dismiss the approvals of a pull request into ' || mainbranch_name || ' of ' || full_name || '.'
        end as reason,
        workspace_slug as workspace,
        full_name as repository
      from
        protection
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'rules for branches',
      'ok',
      'There are no rules for branches, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'rules for branches not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows rules for branches to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ
}

query "branch_up_to_date" {
  sql = <<-EOQ
    with judged as materialized (
      with repositories as materialized (
        select
          full_name,
          workspace_slug,
          project_key,
          mainbranch_name
        from
          bitbucket_my_repository
        where
          permission = 'admin'
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
          r.full_name, r.workspace_slug, r.mainbranch_name
      ),
      checks as materialized (
        select
          repository_full_name,
          pull_request_id,
          kind,
          required,
          case when kind in ('minimum_approvals', 'minimum_successful_builds') then cast(requirement ->> kind as integer) end as needed
        from
          bitbucket_pull_request_merge_check
        where
          pull_request_is_latest_into_main = true
      ),
      in_force as (
        select
          repository_full_name,
          max(pull_request_id) as pull_request_id,
          max(case when kind = 'minimum_approvals' and (required or not $1::boolean) then needed end) as approvals_in_force,
          max(case when kind = 'minimum_successful_builds' and (required or not $1::boolean) then needed end) as builds_in_force,
          count(case when kind = 'maximum_commits_behind' and (required or not $1::boolean) then 1 end) as behinds_in_force,
          count(case when kind = 'resolved_tasks' and (required or not $1::boolean) then 1 end) as tasks_in_force,
          count(case when kind is not null and (required or not $1::boolean) then 1 end) as enforced_in_force
        from
          checks
        group by
          repository_full_name
      )
      select
        full_name as resource,
        case
          when mainbranch_name is null then 'skip'
          when behinds > 0 and (enforcements > 0 or not $1::boolean) then 'ok'
          when behinds_in_force > 0 then 'ok'
          else 'alarm'
        end as status,
        case
          when mainbranch_name is null then full_name || ' has no branch.'
          when behinds > 0 and (enforcements > 0 or not $1::boolean) then 'A branch must be up to date with ' || mainbranch_name || ' of ' || full_name || ' before it is merged.'
          when behinds_in_force > 0 then 'A branch must be up to date with ' || mainbranch_name || ' of ' || full_name || ' before it is merged' || ', as the merge checks of pull request ' || pull_request_id || ' show.'
          when behinds = 0 then 'A branch may be merged into ' || mainbranch_name || ' of ' || full_name || ' however far it is behind' || case when pull_request_id is null then '; rules that its project may carry can not be read.' else ', as the merge checks of pull request ' || pull_request_id || ' show.' end
          else 'A branch should be up to date with ' || mainbranch_name || ' of ' || full_name || ', and can be merged if it is not: merge checks are not enforced' || case when pull_request_id is null then '; rules that its project may carry can not be read.' else ', as the merge checks of pull request ' || pull_request_id || ' show.' end
        end as reason,
        workspace_slug as workspace,
        full_name as repository
      from
        protection
        left join in_force on repository_full_name = full_name
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'rules for branches',
      'ok',
      'There are no rules for branches, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'rules for branches not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows rules for branches to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ

  param "require_enforced_merge_checks" {
    description = "Whether a merge check counts only where it is enforced. Without the enforcement, which Bitbucket's Premium plan has, a check that fails is but a warning."
    default     = var.require_enforced_merge_checks
  }
}

query "connected_account_repository" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when full_name in (select repository from judged) then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    ),
    refused as (
      select
        'needed_permission' as variable,
        'needed_permission is ' || $2::text || ', and should be one of read, write, admin.' as reason
      where
        not ($2::text in ('read', 'write', 'admin'))
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
      and not exists (select 1 from refused)
    union all
    select
      'permissions',
      'ok',
      'There are no permissions, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
      and not exists (select 1 from refused)
    union all
    select
      'permissions not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket showed the connected account the permissions of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
      and not exists (select 1 from refused)
    union all
    select
      variable,
      'error',
      reason,
      '',
      ''
    from
      refused
    order by
      workspace, repository, resource;
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
    with judged as materialized (
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
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when slug in (select workspace from judged) then 1 end) as covered
      from
        bitbucket_workspace
    ),
    population as (
      select
        workspaces.seen as seen,
        workspaces.covered as covered,
        workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        workspaces
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace
    from
      judged
    where
      status is not null
    union all
    select
      'roles',
      'ok',
      'There are no roles, in what the connected account was shown: those of ' || shown || '.',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'roles not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket showed the connected account the roles of ' || shown || '.'
      end,
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, resource;
  EOQ

  param "administered_workspaces" {
    description = "Slugs of the workspaces that the connected account is meant to administer."
    default     = var.administered_workspaces
  }
}

query "deploy_key_old" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when is_administrator then 1 end) as covered
      from
        bitbucket_my_workspace
    ),
    population as (
      select
        repositories.seen + workspaces.seen as seen,
        repositories.covered + workspaces.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end || ' and of ' || workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        repositories cross join workspaces
    ),
    refused as (
      select
        'old_key_days' as variable,
        'old_key_days is ' || cast($1::integer as text) || ', and should be a number from 1.' as reason
      where
        not ($1::integer >= 1)
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(project, '') as project,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
      and not exists (select 1 from refused)
    union all
    select
      'deploy keys',
      'ok',
      'There are no deploy keys, in what the connected account was shown: those of ' || shown || '.',
      '',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
      and not exists (select 1 from refused)
    union all
    select
      'deploy keys not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows deploy keys to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
      and not exists (select 1 from refused)
    union all
    select
      variable,
      'error',
      reason,
      '',
      '',
      ''
    from
      refused
    order by
      workspace, project, repository, resource;
  EOQ

  param "old_key_days" {
    description = "Days after which a deploy key should have been replaced."
    default     = var.old_key_days
  }
}

query "deploy_key_unused" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when is_administrator then 1 end) as covered
      from
        bitbucket_my_workspace
    ),
    population as (
      select
        repositories.seen + workspaces.seen as seen,
        repositories.covered + workspaces.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end || ' and of ' || workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        repositories cross join workspaces
    ),
    refused as (
      select
        'unused_key_days' as variable,
        'unused_key_days is ' || cast($1::integer as text) || ', and should be a number from 1.' as reason
      where
        not ($1::integer >= 1)
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(project, '') as project,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
      and not exists (select 1 from refused)
    union all
    select
      'deploy keys',
      'ok',
      'There are no deploy keys, in what the connected account was shown: those of ' || shown || '.',
      '',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
      and not exists (select 1 from refused)
    union all
    select
      'deploy keys not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows deploy keys to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
      and not exists (select 1 from refused)
    union all
    select
      variable,
      'error',
      reason,
      '',
      '',
      ''
    from
      refused
    order by
      workspace, project, repository, resource;
  EOQ

  param "unused_key_days" {
    description = "Days after which a deploy key that was not used should be removed."
    default     = var.unused_key_days
  }
}

query "group_default_permission" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when is_administrator then 1 end) as covered
      from
        bitbucket_my_workspace
    ),
    population as (
      select
        workspaces.seen as seen,
        workspaces.covered as covered,
        workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        workspaces
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(group_slug, '') as group_slug
    from
      judged
    where
      status is not null
    union all
    select
      'groups',
      'ok',
      'There are no groups, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'groups not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket shows groups to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, group_slug, resource;
  EOQ
}

query "group_write_access" {
  sql = <<-EOQ
    with judged as materialized (
      with repositories as materialized (
        select
          workspace_slug,
          project_key,
          full_name
        from
          bitbucket_my_repository
      ),
      project_grants as materialized (
        select
          workspace_slug,
          project_key,
          group_slug
        from
          bitbucket_project_group_permission
        where
          permission in ('write', 'create-repo', 'admin')
      ),
      all_groups as materialized (
        select
          workspace_slug,
          slug,
          name
        from
          bitbucket_group
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
          join project_grants as p on p.workspace_slug = r.workspace_slug and p.project_key = r.project_key
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
          coalesce(max(t.repositories), 0) as total,
          count(w.full_name) as writable
        from
          all_groups as g
          left join totals as t on t.workspace_slug = g.workspace_slug
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
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when is_administrator then 1 end) as covered
      from
        bitbucket_my_workspace
    ),
    population as (
      select
        workspaces.seen as seen,
        workspaces.covered as covered,
        workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        workspaces
    ),
    refused as (
      select
        'max_group_write_percent' as variable,
        'max_group_write_percent is ' || cast($1::integer as text) || ', and should be a number from 0.' as reason
      where
        not ($1::integer >= 0)
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(group_slug, '') as group_slug
    from
      judged
    where
      status is not null
      and not exists (select 1 from refused)
    union all
    select
      'groups',
      'ok',
      'There are no groups, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
      and not exists (select 1 from refused)
    union all
    select
      'groups not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket shows groups to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
      and not exists (select 1 from refused)
    union all
    select
      variable,
      'error',
      reason,
      '',
      ''
    from
      refused
    order by
      workspace, group_slug, resource;
  EOQ

  param "max_group_write_percent" {
    description = "Percentage of a workspace's repositories that a group may write to."
    default     = var.max_group_write_percent
  }
}

query "member_inactive" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when slug in (select workspace from judged) then 1 end) as covered
      from
        bitbucket_workspace
    ),
    population as (
      select
        workspaces.seen as seen,
        workspaces.covered as covered,
        workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        workspaces
    ),
    refused as (
      select
        'inactive_member_days' as variable,
        'inactive_member_days is ' || cast($1::integer as text) || ', and should be a number from 1.' as reason
      where
        not ($1::integer >= 1)
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(user_name, '') as user_name
    from
      judged
    where
      status is not null
      and not exists (select 1 from refused)
    union all
    select
      'members',
      'ok',
      'There are no members, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
      and not exists (select 1 from refused)
    union all
    select
      'members not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket showed the connected account the members of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
      and not exists (select 1 from refused)
    union all
    select
      variable,
      'error',
      reason,
      '',
      ''
    from
      refused
    order by
      workspace, user_name, resource;
  EOQ

  param "inactive_member_days" {
    description = "Days after which a member who did not use the workspace counts as inactive."
    default     = var.inactive_member_days
  }
}

query "repository_administrators" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when full_name in (select repository from judged) then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    ),
    refused as (
      select
        'min_repository_administrators' as variable,
        'min_repository_administrators is ' || cast($1::integer as text) || ', and should be a number from 0.' as reason
      where
        not ($1::integer >= 0)
      union all
      select
        'max_repository_administrators' as variable,
        'max_repository_administrators is ' || cast($2::integer as text) || ', and should be a number from 1.' as reason
      where
        not ($2::integer >= 1)
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
      and not exists (select 1 from refused)
    union all
    select
      'users with access',
      'ok',
      'There are no users with access, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
      and not exists (select 1 from refused)
    union all
    select
      'users with access not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows users with access to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
      and not exists (select 1 from refused)
    union all
    select
      variable,
      'error',
      reason,
      '',
      ''
    from
      refused
    order by
      workspace, repository, resource;
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
    with judged as materialized (
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
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when is_administrator then 1 end) as covered
      from
        bitbucket_my_workspace
    ),
    population as (
      select
        workspaces.seen as seen,
        workspaces.covered as covered,
        workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        workspaces
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(project, '') as project
    from
      judged
    where
      status is not null
    union all
    select
      'grants on projects',
      'ok',
      'There are no grants on projects, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'grants on projects not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket shows grants on projects to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, project, resource;
  EOQ

  param "trusted_creators" {
    description = "Ids, in braces, or Atlassian account ids of users, or slugs of groups, who may create repositories or projects."
    default     = var.trusted_creators
  }
}

query "repository_fork_policy" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when full_name in (select repository from judged) then 1 end) as covered
      from
        bitbucket_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'repositories',
      'ok',
      'There are no repositories, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'repositories not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket showed the connected account the repositories of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ
}

query "repository_inactive" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when full_name in (select repository from judged) then 1 end) as covered
      from
        bitbucket_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    ),
    refused as (
      select
        'inactive_repository_days' as variable,
        'inactive_repository_days is ' || cast($1::integer as text) || ', and should be a number from 1.' as reason
      where
        not ($1::integer >= 1)
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
      and not exists (select 1 from refused)
    union all
    select
      'repositories',
      'ok',
      'There are no repositories, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
      and not exists (select 1 from refused)
    union all
    select
      'repositories not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket showed the connected account the repositories of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
      and not exists (select 1 from refused)
    union all
    select
      variable,
      'error',
      reason,
      '',
      ''
    from
      refused
    order by
      workspace, repository, resource;
  EOQ

  param "inactive_repository_days" {
    description = "Days after which a repository that did not change counts as inactive."
    default     = var.inactive_repository_days
  }
}

query "repository_public" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when full_name in (select repository from judged) then 1 end) as covered
      from
        bitbucket_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'repositories',
      'ok',
      'There are no repositories, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'repositories not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket showed the connected account the repositories of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ

  param "public_repositories" {
    description = "Patterns of the full names of the repositories that are meant to be public; * stands for any text."
    default     = var.public_repositories
  }
}

query "repository_trusted_administrators" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when full_name in (select repository from judged) then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    population as (
      select
        repositories.seen as seen,
        repositories.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end as shown
      from
        repositories
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'users with access',
      'ok',
      'There are no users with access, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'users with access not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows users with access to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ

  param "trusted_administrators" {
    description = "Ids, in braces, or Atlassian account ids of users who may administer repositories without administering the workspace."
    default     = var.trusted_administrators
  }
}

query "variable_secured" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when is_administrator then 1 end) as covered
      from
        bitbucket_my_workspace
    ),
    population as (
      select
        repositories.seen + workspaces.seen as seen,
        repositories.covered + workspaces.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end || ' and of ' || workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        repositories cross join workspaces
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'variables',
      'ok',
      'There are no variables, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'variables not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows variables to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ

  param "secret_names" {
    description = "Patterns of the names, in capitals, of pipelines' variables that hold secrets; * stands for any text."
    default     = var.secret_names
  }
}

query "webhook_certificate" {
  sql = <<-EOQ
    with judged as materialized (
      with webhooks as (
        select
          uuid,
          'Webhook to ' || regexp_replace(url, '^([^:/?#]*://)?([^/?#]*@)?([^/?#]*).*$', '\1\3') || ' of ' || repository_full_name as name,
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
          'Webhook to ' || regexp_replace(url, '^([^:/?#]*://)?([^/?#]*@)?([^/?#]*).*$', '\1\3') || ' of ' || workspace_slug,
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when is_administrator then 1 end) as covered
      from
        bitbucket_my_workspace
    ),
    population as (
      select
        repositories.seen + workspaces.seen as seen,
        repositories.covered + workspaces.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end || ' and of ' || workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        repositories cross join workspaces
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'webhooks',
      'ok',
      'There are no webhooks, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'webhooks not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows webhooks to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ
}

query "webhook_secret" {
  sql = <<-EOQ
    with judged as materialized (
      with webhooks as (
        select
          uuid,
          'Webhook to ' || regexp_replace(url, '^([^:/?#]*://)?([^/?#]*@)?([^/?#]*).*$', '\1\3') || ' of ' || repository_full_name as name,
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
          'Webhook to ' || regexp_replace(url, '^([^:/?#]*://)?([^/?#]*@)?([^/?#]*).*$', '\1\3') || ' of ' || workspace_slug,
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
    ),
    repositories as (
      select
        count(*) as seen,
        count(case when permission = 'admin' then 1 end) as covered
      from
        bitbucket_my_repository
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when is_administrator then 1 end) as covered
      from
        bitbucket_my_workspace
    ),
    population as (
      select
        repositories.seen + workspaces.seen as seen,
        repositories.covered + workspaces.covered as covered,
        repositories.covered || ' of ' || repositories.seen || case when repositories.seen = 1 then ' repository' else ' repositories' end || ' and of ' || workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        repositories cross join workspaces
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace,
      coalesce(repository, '') as repository
    from
      judged
    where
      status is not null
    union all
    select
      'webhooks',
      'ok',
      'There are no webhooks, in what the connected account was shown: those of ' || shown || '.',
      '',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'webhooks not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account holds a permission on no repository.'
        else 'Bitbucket shows webhooks to administrators only: to the connected account those of ' || shown || '.'
      end,
      '',
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, repository, resource;
  EOQ
}

query "workspace_administrators" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when slug in (select workspace from judged) then 1 end) as covered
      from
        bitbucket_workspace
    ),
    population as (
      select
        workspaces.seen as seen,
        workspaces.covered as covered,
        workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        workspaces
    ),
    refused as (
      select
        'min_workspace_administrators' as variable,
        'min_workspace_administrators is ' || cast($1::integer as text) || ', and should be a number from 0.' as reason
      where
        not ($1::integer >= 0)
      union all
      select
        'max_workspace_administrators' as variable,
        'max_workspace_administrators is ' || cast($2::integer as text) || ', and should be a number from 1.' as reason
      where
        not ($2::integer >= 1)
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace
    from
      judged
    where
      status is not null
      and not exists (select 1 from refused)
    union all
    select
      'members',
      'ok',
      'There are no members, in what the connected account was shown: those of ' || shown || '.',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
      and not exists (select 1 from refused)
    union all
    select
      'members not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket showed the connected account the members of ' || shown || '.'
      end,
      ''
    from
      population
    where
      (seen > covered or seen = 0)
      and not exists (select 1 from refused)
    union all
    select
      variable,
      'error',
      reason,
      ''
    from
      refused
    order by
      workspace, resource;
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
    with judged as materialized (
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
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when slug in (select workspace from judged) then 1 end) as covered
      from
        bitbucket_workspace
    ),
    population as (
      select
        workspaces.seen as seen,
        workspaces.covered as covered,
        workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        workspaces
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace
    from
      judged
    where
      status is not null
    union all
    select
      'settings',
      'ok',
      'There are no settings, in what the connected account was shown: those of ' || shown || '.',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'settings not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket showed the connected account the settings of ' || shown || '.'
      end,
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, resource;
  EOQ
}

query "workspace_privacy" {
  sql = <<-EOQ
    with judged as materialized (
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
    ),
    workspaces as (
      select
        count(*) as seen,
        count(case when slug in (select workspace from judged) then 1 end) as covered
      from
        bitbucket_workspace
    ),
    population as (
      select
        workspaces.seen as seen,
        workspaces.covered as covered,
        workspaces.covered || ' of ' || workspaces.seen || case when workspaces.seen = 1 then ' workspace' else ' workspaces' end as shown
      from
        workspaces
    )
    select
      resource,
      status,
      reason,
      coalesce(workspace, '') as workspace
    from
      judged
    where
      status is not null
    union all
    select
      'settings',
      'ok',
      'There are no settings, in what the connected account was shown: those of ' || shown || '.',
      ''
    from
      population
    where
      covered > 0
      and not exists (select 1 from judged where status is not null)
    union all
    select
      'settings not shown',
      'skip',
      case
        when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account sees.'
        when seen = 0 then 'The connected account sees no repository.'
        else 'Bitbucket showed the connected account the settings of ' || shown || '.'
      end,
      ''
    from
      population
    where
      (seen > covered or seen = 0)
    order by
      workspace, resource;
  EOQ
}
