# Written by `go generate ./internal/audit`, which has the sources. Do not edit.

query "access_administrators" {
  sql = <<-EOQ
    select
      user_display_name as "User",
      count(*) as "Repositories",
      count(*) filter (where is_workspace_owner) as "As administrator of the workspace",
      case when count(is_direct) = count(*) then cast(count(*) filter (where is_direct) as text) else 'not shown' end as "In person",
      case when count(via_group) = count(*) then cast(count(*) filter (where via_group) as text) else 'not shown' end as "By a group",
      user_uuid
    from
      bitbucket_repository_access
    where
      workspace_slug = $1::text
      and permission = 'admin'
    group by
      user_uuid, user_display_name
    order by
      count(*) desc, user_display_name, user_uuid;
  EOQ

  param "workspace_slug" {}
}

query "access_by_path" {
  sql = <<-EOQ
    select
      case when is_workspace_owner then 'administrators of the workspace' when is_direct and via_group then 'in person and by a group' when is_direct then 'in person' when via_group then 'by a group' when is_direct is null or via_group is null then 'not shown' else 'unexplained' end as "Path",
      permission as "Permission",
      count(*) as "Users and repositories"
    from
      bitbucket_repository_access
    where
      workspace_slug = $1::text
    group by
      case when is_workspace_owner then 'administrators of the workspace' when is_direct and via_group then 'in person and by a group' when is_direct then 'in person' when via_group then 'by a group' when is_direct is null or via_group is null then 'not shown' else 'unexplained' end, permission
    order by
      case when is_workspace_owner then 'administrators of the workspace' when is_direct and via_group then 'in person and by a group' when is_direct then 'in person' when via_group then 'by a group' when is_direct is null or via_group is null then 'not shown' else 'unexplained' end, permission;
  EOQ

  param "workspace_slug" {}
}

query "access_by_user" {
  sql = <<-EOQ
    select
      user_display_name as "User",
      count(*) as "Repositories",
      count(*) filter (where permission = 'admin') as "Admin",
      count(*) filter (where permission = 'write') as "Write",
      count(*) filter (where permission = 'read') as "Read",
      coalesce(max(workspace_permission), 'none') as "Role in the workspace",
      user_uuid
    from
      bitbucket_repository_access
    where
      workspace_slug = $1::text
    group by
      user_uuid, user_display_name
    order by
      count(*) desc, user_display_name, user_uuid;
  EOQ

  param "workspace_slug" {}
}

query "access_changes" {
  sql = <<-EOQ
    select
      'member' as "What",
      display_name as "Who",
      workspace_slug as "Where",
      to_char(added_on, 'YYYY-MM-DD') as "When"
    from
      bitbucket_workspace_member
    where
      workspace_slug = $1::text
      and added_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    union all
    select
      'deploy key',
      coalesce(nullif(label, ''), comment, cast(id as text)),
      repository_full_name,
      to_char(added_on, 'YYYY-MM-DD')
    from
      bitbucket_deploy_key
    where
      workspace_slug = $1::text
      and added_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    union all
    select
      'deploy key',
      coalesce(nullif(label, ''), comment, cast(id as text)),
      workspace_slug || '/' || project_key,
      to_char(added_on, 'YYYY-MM-DD')
    from
      bitbucket_project_deploy_key
    where
      workspace_slug = $1::text
      and added_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    union all
    select
      'webhook',
      regexp_replace(url, '^([^:/?#]*://)?([^/?#]*@)?([^/?#]*).*$', '\1\3'),
      repository_full_name,
      to_char(created_at, 'YYYY-MM-DD')
    from
      bitbucket_webhook
    where
      workspace_slug = $1::text
      and created_at >= date_trunc('day', now()) - $2::integer * interval '1 day'
    union all
    select
      'repository',
      coalesce(owner_display_name, workspace_slug),
      full_name,
      to_char(created_on, 'YYYY-MM-DD')
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
      and created_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    order by
      4 desc, 1, 3, 2;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "access_coverage" {
  sql = <<-EOQ
    with held as materialized (
      select
        permission
      from
        bitbucket_my_repository
      where
        workspace_slug = $1::text
    )
    select
      'Repositories looked into' as label,
      count(*) filter (where permission = 'admin') || ' of ' || count(*) as value,
      case when count(*) filter (where permission = 'admin') = count(*) then 'ok' else 'info' end as type
    from
      held;
  EOQ

  param "workspace_slug" {}
}

query "access_direct_count" {
  sql = <<-EOQ
    select
      'In person beside a group' as label,
      count(*) filter (where is_direct and via_group) ||
      case
        when count(*) filter (where is_direct is null or via_group is null) > 0 then ', and ' || count(*) filter (where is_direct is null or via_group is null) || ' not shown'
        else ''
      end as value,
      case
        when count(*) filter (where is_direct and via_group) > 0 then 'alert'
        when count(*) filter (where is_direct is null or via_group is null) > 0 then 'info'
        else 'ok'
      end as type
    from
      bitbucket_repository_access
    where
      workspace_slug = $1::text
      and is_workspace_owner is not true
      and is_direct is not false
      and via_group is not false;
  EOQ

  param "workspace_slug" {}
}

query "access_flow_grants" {
  sql = <<-EOQ
    with granted as (
      select
        group_slug,
        project_key
      from
        bitbucket_project_group_permission
      where
        workspace_slug = $1::text
        and permission <> 'none'
      union
      select
        p.group_slug,
        r.project_key
      from
        bitbucket_my_repository as r
        join bitbucket_repository_group_permission as p on p.repository_full_name = r.full_name
      where
        r.workspace_slug = $1::text
        and p.permission <> 'none'
    )
    select
      'group:' || group_slug as from_id,
      'project:' || project_key as to_id
    from
      granted;
  EOQ

  param "workspace_slug" {}
}

query "access_flow_groups" {
  sql = <<-EOQ
    select
      'group:' || slug as id,
      name as title,
      0 as depth,
      jsonb_build_object('Members', member_count, 'Default access', permission) as properties
    from
      bitbucket_group
    where
      workspace_slug = $1::text;
  EOQ

  param "workspace_slug" {}
}

query "access_flow_projects" {
  sql = <<-EOQ
    select
      'project:' || key as id,
      name as title,
      1 as depth,
      jsonb_build_object('Key', key) as properties
    from
      bitbucket_project
    where
      workspace_slug = $1::text;
  EOQ

  param "workspace_slug" {}
}

query "access_outsider_count" {
  sql = <<-EOQ
    select
      'Of them no members' as label,
      count(distinct user_uuid) filter (where not is_member) ||
      case
        when count(distinct user_uuid) filter (where is_member is null) > 0 then ', and ' || count(distinct user_uuid) filter (where is_member is null) || ' not shown'
        else ''
      end as value,
      case
        when count(*) filter (where not is_member) > 0 then 'alert'
        when count(*) filter (where is_member is null) > 0 then 'info'
        else 'ok'
      end as type
    from
      bitbucket_repository_access
    where
      workspace_slug = $1::text
      and is_member is not true;
  EOQ

  param "workspace_slug" {}
}

query "access_outsiders" {
  sql = <<-EOQ
    select
      user_display_name as "User",
      repository_full_name as "Repository",
      permission as "Permission",
      user_uuid
    from
      bitbucket_repository_access
    where
      workspace_slug = $1::text
      and not is_member
    order by
      user_display_name, repository_full_name;
  EOQ

  param "workspace_slug" {}
}

query "access_unexplained_count" {
  sql = <<-EOQ
    select
      'That no grant explains' as label,
      count(*) filter (where not is_explained) ||
      case
        when count(*) filter (where is_explained is null) > 0 then ', and ' || count(*) filter (where is_explained is null) || ' not shown'
        else ''
      end as value,
      case
        when count(*) filter (where not is_explained) > 0 then 'alert'
        when count(*) filter (where is_explained is null) > 0 then 'info'
        else 'ok'
      end as type
    from
      bitbucket_repository_access
    where
      workspace_slug = $1::text
      and is_explained is not true;
  EOQ

  param "workspace_slug" {}
}

query "access_user_count" {
  sql = <<-EOQ
    select
      'Users with access' as label,
      count(distinct user_uuid) as value
    from
      bitbucket_repository_access
    where
      workspace_slug = $1::text;
  EOQ

  param "workspace_slug" {}
}

query "pipeline_by_month" {
  sql = <<-EOQ
    with pipelines as materialized (
      select
        repository_full_name,
        build_number,
        target_ref_name,
        target_source,
        target_commit_hash,
        state_name,
        result_name,
        creator_display_name,
        created_on,
        duration_in_seconds,
        build_seconds_used
      from
        bitbucket_pipeline
      where
        workspace_slug = $1::text
        and created_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      to_char(created_on, 'YYYY-MM') as "Month",
      lower(coalesce(result_name, state_name)) as "Result",
      count(*) as "Runs"
    from
      pipelines
    group by
      to_char(created_on, 'YYYY-MM'), lower(coalesce(result_name, state_name))
    order by
      to_char(created_on, 'YYYY-MM'), lower(coalesce(result_name, state_name));
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "pipeline_by_repository" {
  sql = <<-EOQ
    with pipelines as materialized (
      select
        repository_full_name,
        build_number,
        target_ref_name,
        target_source,
        target_commit_hash,
        state_name,
        result_name,
        creator_display_name,
        created_on,
        duration_in_seconds,
        build_seconds_used
      from
        bitbucket_pipeline
      where
        workspace_slug = $1::text
        and created_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      repository_full_name as "Repository",
      count(*) as "Runs",
      count(*) filter (where result_name in ('FAILED', 'ERROR')) as "Failed",
      round(count(*) filter (where result_name in ('FAILED', 'ERROR')) * 100.0 / count(*)) as "Percent failed",
      round(cast(round(cast(avg(duration_in_seconds) / 6.0 as numeric)) / 10.0 as numeric), 1) as "Minutes a run",
      round(coalesce(sum(build_seconds_used), 0) / 60.0, 2) as "Minutes used"
    from
      pipelines
    group by
      repository_full_name
    order by
      count(*) desc, repository_full_name;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "pipeline_duration" {
  sql = <<-EOQ
    with pipelines as materialized (
      select
        repository_full_name,
        build_number,
        target_ref_name,
        target_source,
        target_commit_hash,
        state_name,
        result_name,
        creator_display_name,
        created_on,
        duration_in_seconds,
        build_seconds_used
      from
        bitbucket_pipeline
      where
        workspace_slug = $1::text
        and created_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      'Minutes a run' as label,
      round(cast(round(cast(avg(duration_in_seconds) / 6.0 as numeric)) / 10.0 as numeric), 1) as value
    from
      pipelines;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "pipeline_failure_count" {
  sql = <<-EOQ
    with pipelines as materialized (
      select
        repository_full_name,
        build_number,
        target_ref_name,
        target_source,
        target_commit_hash,
        state_name,
        result_name,
        creator_display_name,
        created_on,
        duration_in_seconds,
        build_seconds_used
      from
        bitbucket_pipeline
      where
        workspace_slug = $1::text
        and created_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      'Failed' as label,
      count(*) as value,
      case when count(*) > 0 then 'alert' else 'ok' end as type
    from
      pipelines
    where
      result_name in ('FAILED', 'ERROR');
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "pipeline_failures" {
  sql = <<-EOQ
    with pipelines as materialized (
      select
        repository_full_name,
        build_number,
        target_ref_name,
        target_source,
        target_commit_hash,
        state_name,
        result_name,
        creator_display_name,
        created_on,
        duration_in_seconds,
        build_seconds_used
      from
        bitbucket_pipeline
      where
        workspace_slug = $1::text
        and created_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      repository_full_name as "Repository",
      build_number as "Run",
      coalesce(target_ref_name, target_source, substr(target_commit_hash, 1, 12)) as "Of",
      lower(coalesce(result_name, state_name)) as "Result",
      creator_display_name as "Started by",
      to_char(created_on, 'YYYY-MM-DD') as "When",
      round(duration_in_seconds / 60.0, 2) as "Minutes"
    from
      pipelines
    where
      result_name in ('FAILED', 'ERROR')
    order by
      created_on desc, repository_full_name, build_number desc;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "pipeline_minutes" {
  sql = <<-EOQ
    with pipelines as materialized (
      select
        repository_full_name,
        build_number,
        target_ref_name,
        target_source,
        target_commit_hash,
        state_name,
        result_name,
        creator_display_name,
        created_on,
        duration_in_seconds,
        build_seconds_used
      from
        bitbucket_pipeline
      where
        workspace_slug = $1::text
        and created_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      'Minutes used' as label,
      round(coalesce(sum(build_seconds_used), 0) / 60.0, 2) as value
    from
      pipelines;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "pipeline_minutes_by_repository" {
  sql = <<-EOQ
    with pipelines as materialized (
      select
        repository_full_name,
        build_number,
        target_ref_name,
        target_source,
        target_commit_hash,
        state_name,
        result_name,
        creator_display_name,
        created_on,
        duration_in_seconds,
        build_seconds_used
      from
        bitbucket_pipeline
      where
        workspace_slug = $1::text
        and created_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      repository_full_name as "Repository",
      round(sum(build_seconds_used) / 60.0, 2) as "Minutes used"
    from
      pipelines
    group by
      repository_full_name
    having
      sum(build_seconds_used) > 0
    order by
      sum(build_seconds_used) desc, repository_full_name
    limit 15;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "pipeline_run_count" {
  sql = <<-EOQ
    with pipelines as materialized (
      select
        repository_full_name,
        build_number,
        target_ref_name,
        target_source,
        target_commit_hash,
        state_name,
        result_name,
        creator_display_name,
        created_on,
        duration_in_seconds,
        build_seconds_used
      from
        bitbucket_pipeline
      where
        workspace_slug = $1::text
        and created_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      'Runs' as label,
      count(*) as value
    from
      pipelines;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "repository_access" {
  sql = <<-EOQ
    select
      user_display_name as "User",
      permission as "Permission",
      (
        select string_agg(
          case
            when p.value ->> 'on' = 'workspace' then 'administrator of the workspace'
            when p.value ->> 'holder' = 'user' then 'in person on the ' || (p.value ->> 'on')
            else (p.value ->> 'group_name') || ' on the ' || (p.value ->> 'on')
          end || ': ' || (p.value ->> 'permission'), '; '
          order by p.value ->> 'on', coalesce(p.value ->> 'group_name', '')
        )
        from jsonb_array_elements(paths) as p
      ) as "Paths",
      case when is_explained then 'yes' when is_explained is null then 'not shown' else 'no' end as "Explained",
      user_uuid
    from
      bitbucket_repository_access
    where
      repository_full_name = $1::text
    order by
      user_display_name, user_uuid;
  EOQ

  param "repository_full_name" {}
}

query "repository_deploy_keys" {
  sql = <<-EOQ
    select
      coalesce(nullif(label, ''), comment) as "Key",
      owner_display_name as "Added by",
      to_char(added_on, 'YYYY-MM-DD') as "Added",
      to_char(last_used, 'YYYY-MM-DD') as "Last used"
    from
      bitbucket_deploy_key
    where
      repository_full_name = $1::text
    order by
      added_on, id;
  EOQ

  param "repository_full_name" {}
}

query "repository_graph_grants" {
  sql = <<-EOQ
    select distinct
      case when p.value ->> 'holder' = 'group' then 'group:' || (p.value ->> 'group_slug') else user_uuid end as from_id,
      case p.value ->> 'on' when 'repository' then 'repository:' || repository_full_name when 'project' then 'project:' || project_key else 'workspace:' || workspace_slug end as to_id,
      p.value ->> 'permission' as title
    from
      bitbucket_repository_access
      cross join jsonb_array_elements(paths) as p
    where
      repository_full_name = $1::text;
  EOQ

  param "repository_full_name" {}
}

query "repository_graph_groups" {
  sql = <<-EOQ
    select distinct
      'group:' || (p.value ->> 'group_slug') as id,
      p.value ->> 'group_name' as title
    from
      bitbucket_repository_access
      cross join jsonb_array_elements(paths) as p
    where
      repository_full_name = $1::text
      and p.value ->> 'holder' = 'group';
  EOQ

  param "repository_full_name" {}
}

query "repository_graph_memberships" {
  sql = <<-EOQ
    select distinct
      user_uuid as from_id,
      'group:' || (p.value ->> 'group_slug') as to_id,
      case when p.value ->> 'membership' is null then 'member' else 'maybe a member' end as title
    from
      bitbucket_repository_access
      cross join jsonb_array_elements(paths) as p
    where
      repository_full_name = $1::text
      and p.value ->> 'holder' = 'group';
  EOQ

  param "repository_full_name" {}
}

query "repository_graph_parents" {
  sql = <<-EOQ
    select
      'project:' || project_key as from_id,
      'repository:' || full_name as to_id,
      'holds' as title
    from
      bitbucket_repository
    where
      full_name = $1::text
    union all
    select
      'workspace:' || workspace_slug,
      'project:' || project_key,
      'holds'
    from
      bitbucket_repository
    where
      full_name = $1::text;
  EOQ

  param "repository_full_name" {}
}

query "repository_graph_places" {
  sql = <<-EOQ
    select
      'repository:' || full_name as id,
      full_name as title
    from
      bitbucket_repository
    where
      full_name = $1::text
    union all
    select
      'project:' || project_key,
      'Project ' || project_name
    from
      bitbucket_repository
    where
      full_name = $1::text
    union all
    select
      'workspace:' || workspace_slug,
      'Workspace ' || workspace_slug
    from
      bitbucket_repository
    where
      full_name = $1::text;
  EOQ

  param "repository_full_name" {}
}

query "repository_graph_users" {
  sql = <<-EOQ
    select
      user_uuid as id,
      user_display_name as title,
      jsonb_build_object('User', user_uuid, 'Permission', permission) as properties
    from
      bitbucket_repository_access
    where
      repository_full_name = $1::text;
  EOQ

  param "repository_full_name" {}
}

query "repository_input" {
  sql = <<-EOQ
    select
      full_name as label,
      full_name as value
    from
      bitbucket_repository
    order by
      full_name;
  EOQ
}

query "repository_last_change" {
  sql = <<-EOQ
    select
      'Days since the last change' as label,
      (current_date - cast(updated_on as date)) as value
    from
      bitbucket_repository
    where
      full_name = $1::text;
  EOQ

  param "repository_full_name" {}
}

query "repository_open_count" {
  sql = <<-EOQ
    select
      'Open pull requests' as label,
      count(*) as value
    from
      bitbucket_pull_request
    where
      repository_full_name = $1::text
      and state = 'OPEN';
  EOQ

  param "repository_full_name" {}
}

query "repository_overview" {
  sql = <<-EOQ
    select
      full_name as "Repository",
      project_name as "Project",
      description as "Description",
      language as "Language",
      mainbranch_name as "Main branch",
      fork_policy as "Forks",
      round(size / 1000000.0, 1) as "Megabytes",
      to_char(created_on, 'YYYY-MM-DD') as "Created",
      to_char(updated_on, 'YYYY-MM-DD') as "Last change",
      html_url
    from
      bitbucket_repository
    where
      full_name = $1::text;
  EOQ

  param "repository_full_name" {}
}

query "repository_permission" {
  sql = <<-EOQ
    select
      'The connected account has' as label,
      coalesce(max(permission), 'none') as value,
      case when max(permission) = 'admin' then 'ok' else 'info' end as type
    from
      bitbucket_my_repository
    where
      full_name = $1::text;
  EOQ

  param "repository_full_name" {}
}

query "repository_pipelines" {
  sql = <<-EOQ
    select
      build_number as "Run",
      coalesce(target_ref_name, target_source, substr(target_commit_hash, 1, 12)) as "Of",
      lower(coalesce(result_name, state_name)) as "Result",
      creator_display_name as "Started by",
      to_char(created_on, 'YYYY-MM-DD') as "When",
      round(duration_in_seconds / 60.0, 2) as "Minutes"
    from
      bitbucket_pipeline
    where
      repository_full_name = $1::text
    order by
      created_on desc, build_number desc
    limit 20;
  EOQ

  param "repository_full_name" {}
}

query "repository_pull_requests" {
  sql = <<-EOQ
    select
      id as "Number",
      title as "Title",
      author_display_name as "Author",
      to_char(created_on, 'YYYY-MM-DD') as "Created",
      approval_count as "Approvals",
      html_url
    from
      bitbucket_pull_request
    where
      repository_full_name = $1::text
      and state = 'OPEN'
    order by
      updated_on desc, id;
  EOQ

  param "repository_full_name" {}
}

query "repository_rules" {
  sql = <<-EOQ
    select
      kind as "Rule",
      coalesce(nullif(pattern, ''), branch_type) as "Branches",
      value as "Value",
      (select string_agg(u.value ->> 'display_name', ', ' order by u.value ->> 'display_name') from jsonb_array_elements(users) as u) as "Except users",
      (select string_agg(g.value ->> 'name', ', ' order by g.value ->> 'name') from jsonb_array_elements(groups) as g) as "Except groups"
    from
      bitbucket_branch_restriction
    where
      repository_full_name = $1::text
    order by
      kind, id;
  EOQ

  param "repository_full_name" {}
}

query "repository_user_count" {
  sql = <<-EOQ
    select
      'Users with access' as label,
      count(*) as value,
      max(workspace_slug) as workspace_slug
    from
      bitbucket_repository_permission
    where
      repository_full_name = $1::text;
  EOQ

  param "repository_full_name" {}
}

query "repository_visibility" {
  sql = <<-EOQ
    select
      'Visibility' as label,
      case when is_private then 'private' else 'public' end as value,
      case when is_private then 'ok' else 'alert' end as type
    from
      bitbucket_repository
    where
      full_name = $1::text;
  EOQ

  param "repository_full_name" {}
}

query "repository_webhooks" {
  sql = <<-EOQ
    select
      regexp_replace(url, '^([^:/?#]*://)?([^/?#]*@)?([^/?#]*).*$', '\1\3') as "Address",
      case when active then 'yes' else 'no' end as "Active",
      case when skip_cert_verification then 'no' else 'yes' end as "Certificate checked",
      case when secret_set then 'yes' when secret_set is null then 'not told' else 'no' end as "Secret",
      to_char(created_at, 'YYYY-MM-DD') as "Created"
    from
      bitbucket_webhook
    where
      repository_full_name = $1::text
    order by
      regexp_replace(url, '^([^:/?#]*://)?([^/?#]*@)?([^/?#]*).*$', '\1\3'), uuid;
  EOQ

  param "repository_full_name" {}
}

query "review_by_month" {
  sql = <<-EOQ
    with merged as materialized (
      select
        repository_full_name,
        id,
        title,
        author_display_name,
        closed_by_display_name,
        created_on,
        updated_on,
        approval_count,
        html_url
      from
        bitbucket_pull_request
      where
        workspace_slug = $1::text
        and state = 'MERGED'
        and updated_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      to_char(updated_on, 'YYYY-MM') as "Month",
      count(*) filter (where approval_count > 0) as "Approved",
      count(*) filter (where approval_count = 0) as "Without approval"
    from
      merged
    group by
      to_char(updated_on, 'YYYY-MM')
    order by
      to_char(updated_on, 'YYYY-MM');
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "review_by_reviewer" {
  sql = <<-EOQ
    select
      user_display_name as "Reviewer",
      count(*) as "Open",
      count(*) filter (where approved) as "Approved",
      user_uuid
    from
      bitbucket_pull_request_participant
    where
      workspace_slug = $1::text
      and pull_request_state = 'OPEN'
      and role = 'REVIEWER'
    group by
      user_uuid, user_display_name
    order by
      count(*) desc, user_display_name, user_uuid;
  EOQ

  param "workspace_slug" {}
}

query "review_days_to_merge" {
  sql = <<-EOQ
    with merged as materialized (
      select
        repository_full_name,
        id,
        title,
        author_display_name,
        closed_by_display_name,
        created_on,
        updated_on,
        approval_count,
        html_url
      from
        bitbucket_pull_request
      where
        workspace_slug = $1::text
        and state = 'MERGED'
        and updated_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      'Days to merge' as label,
      round(cast(avg(extract(epoch from updated_on - created_on) / 86400) as numeric), 1) as value
    from
      merged;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "review_merged_count" {
  sql = <<-EOQ
    with merged as materialized (
      select
        repository_full_name,
        id,
        title,
        author_display_name,
        closed_by_display_name,
        created_on,
        updated_on,
        approval_count,
        html_url
      from
        bitbucket_pull_request
      where
        workspace_slug = $1::text
        and state = 'MERGED'
        and updated_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      'Merged' as label,
      count(*) as value
    from
      merged;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "review_open_by_repository" {
  sql = <<-EOQ
    with open as materialized (
      select
        repository_full_name,
        id,
        title,
        author_display_name,
        closed_by_display_name,
        created_on,
        updated_on,
        approval_count,
        html_url
      from
        bitbucket_pull_request
      where
        workspace_slug = $1::text
        and state = 'OPEN'
    )
    select
      repository_full_name as "Repository",
      count(*) as "Open"
    from
      open
    group by
      repository_full_name
    order by
      count(*) desc, repository_full_name
    limit 15;
  EOQ

  param "workspace_slug" {}
}

query "review_open_count" {
  sql = <<-EOQ
    with open as materialized (
      select
        repository_full_name,
        id,
        title,
        author_display_name,
        closed_by_display_name,
        created_on,
        updated_on,
        approval_count,
        html_url
      from
        bitbucket_pull_request
      where
        workspace_slug = $1::text
        and state = 'OPEN'
    )
    select
      'Open pull requests' as label,
      count(*) as value
    from
      open;
  EOQ

  param "workspace_slug" {}
}

query "review_stale" {
  sql = <<-EOQ
    with open as materialized (
      select
        repository_full_name,
        id,
        title,
        author_display_name,
        closed_by_display_name,
        created_on,
        updated_on,
        approval_count,
        html_url
      from
        bitbucket_pull_request
      where
        workspace_slug = $1::text
        and state = 'OPEN'
    )
    select
      repository_full_name as "Repository",
      id as "Number",
      title as "Title",
      author_display_name as "Author",
      to_char(created_on, 'YYYY-MM-DD') as "Created",
      (current_date - cast(updated_on as date)) as "Days without a change",
      approval_count as "Approvals",
      html_url
    from
      open
    where
      updated_on < now() - $2::integer * interval '1 day'
    order by
      updated_on, repository_full_name, id;
  EOQ

  param "workspace_slug" {}

  param "stale_pull_request_days" {
    description = "Days after which an open pull request that did not change counts as stale, in dashboards."
    default     = var.stale_pull_request_days
  }
}

query "review_stale_count" {
  sql = <<-EOQ
    with open as materialized (
      select
        repository_full_name,
        id,
        title,
        author_display_name,
        closed_by_display_name,
        created_on,
        updated_on,
        approval_count,
        html_url
      from
        bitbucket_pull_request
      where
        workspace_slug = $1::text
        and state = 'OPEN'
    )
    select
      'Stale' as label,
      count(*) as value,
      case when count(*) > 0 then 'alert' else 'ok' end as type
    from
      open
    where
      updated_on < now() - $2::integer * interval '1 day';
  EOQ

  param "workspace_slug" {}

  param "stale_pull_request_days" {
    description = "Days after which an open pull request that did not change counts as stale, in dashboards."
    default     = var.stale_pull_request_days
  }
}

query "review_time_by_month" {
  sql = <<-EOQ
    with merged as materialized (
      select
        repository_full_name,
        id,
        title,
        author_display_name,
        closed_by_display_name,
        created_on,
        updated_on,
        approval_count,
        html_url
      from
        bitbucket_pull_request
      where
        workspace_slug = $1::text
        and state = 'MERGED'
        and updated_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      to_char(updated_on, 'YYYY-MM') as "Month",
      round(cast(avg(extract(epoch from updated_on - created_on) / 86400) as numeric), 1) as "Days"
    from
      merged
    group by
      to_char(updated_on, 'YYYY-MM')
    order by
      to_char(updated_on, 'YYYY-MM');
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "review_unapproved" {
  sql = <<-EOQ
    with merged as materialized (
      select
        repository_full_name,
        id,
        title,
        author_display_name,
        closed_by_display_name,
        created_on,
        updated_on,
        approval_count,
        html_url
      from
        bitbucket_pull_request
      where
        workspace_slug = $1::text
        and state = 'MERGED'
        and updated_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      repository_full_name as "Repository",
      id as "Number",
      title as "Title",
      author_display_name as "Author",
      closed_by_display_name as "Merged by",
      to_char(updated_on, 'YYYY-MM-DD') as "Merged",
      html_url
    from
      merged
    where
      approval_count = 0
    order by
      updated_on desc, repository_full_name, id;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "review_unapproved_count" {
  sql = <<-EOQ
    with merged as materialized (
      select
        repository_full_name,
        id,
        title,
        author_display_name,
        closed_by_display_name,
        created_on,
        updated_on,
        approval_count,
        html_url
      from
        bitbucket_pull_request
      where
        workspace_slug = $1::text
        and state = 'MERGED'
        and updated_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    )
    select
      'Without approval' as label,
      count(*) as value,
      case when count(*) > 0 then 'alert' else 'ok' end as type
    from
      merged
    where
      approval_count = 0;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "since_input" {
  sql = <<-EOQ
    select
      'the last 90 days' as label,
      '90' as value
    union all
    select
      'the last year' as label,
      '365' as value
    union all
    select
      'the last 30 days' as label,
      '30' as value
    union all
    select
      'the last 7 days' as label,
      '7' as value;
  EOQ
}

query "user_access" {
  sql = <<-EOQ
    select
      repository_full_name as "Repository",
      permission as "Permission",
      (
        select string_agg(
          case
            when p.value ->> 'on' = 'workspace' then 'administrator of the workspace'
            when p.value ->> 'holder' = 'user' then 'in person on the ' || (p.value ->> 'on')
            else (p.value ->> 'group_name') || ' on the ' || (p.value ->> 'on')
          end || ': ' || (p.value ->> 'permission'), '; '
          order by p.value ->> 'on', coalesce(p.value ->> 'group_name', '')
        )
        from jsonb_array_elements(paths) as p
      ) as "Paths",
      case when is_explained then 'yes' when is_explained is null then 'not shown' else 'no' end as "Explained"
    from
      bitbucket_repository_access
    where
      user_uuid = $1::text
    order by
      repository_full_name;
  EOQ

  param "user_uuid" {}
}

query "user_admin_count" {
  sql = <<-EOQ
    select
      'Of them as administrator' as label,
      count(*) as value
    from
      bitbucket_repository_access
    where
      user_uuid = $1::text
      and permission = 'admin';
  EOQ

  param "user_uuid" {}
}

query "user_direct_count" {
  sql = <<-EOQ
    select
      'By grants in person' as label,
      count(*) as value
    from
      bitbucket_repository_access
    where
      user_uuid = $1::text
      and is_direct;
  EOQ

  param "user_uuid" {}
}

query "user_graph_grants" {
  sql = <<-EOQ
    select distinct
      case when p.value ->> 'holder' = 'group' then 'group:' || workspace_slug || ':' || (p.value ->> 'group_slug') else user_uuid end as from_id,
      case p.value ->> 'on' when 'repository' then 'repository:' || repository_full_name when 'project' then 'project:' || workspace_slug || '/' || project_key else 'workspace:' || workspace_slug end as to_id,
      p.value ->> 'permission' as title
    from
      bitbucket_repository_access
      cross join jsonb_array_elements(paths) as p
    where
      user_uuid = $1::text;
  EOQ

  param "user_uuid" {}
}

query "user_graph_groups" {
  sql = <<-EOQ
    select distinct
      'group:' || workspace_slug || ':' || (p.value ->> 'group_slug') as id,
      p.value ->> 'group_name' as title
    from
      bitbucket_repository_access
      cross join jsonb_array_elements(paths) as p
    where
      user_uuid = $1::text
      and p.value ->> 'holder' = 'group';
  EOQ

  param "user_uuid" {}
}

query "user_graph_memberships" {
  sql = <<-EOQ
    select distinct
      user_uuid as from_id,
      'group:' || workspace_slug || ':' || (p.value ->> 'group_slug') as to_id,
      case when p.value ->> 'membership' is null then 'member' else 'maybe a member' end as title
    from
      bitbucket_repository_access
      cross join jsonb_array_elements(paths) as p
    where
      user_uuid = $1::text
      and p.value ->> 'holder' = 'group';
  EOQ

  param "user_uuid" {}
}

query "user_graph_places" {
  sql = <<-EOQ
    select distinct
      case p.value ->> 'on' when 'repository' then 'repository:' || repository_full_name when 'project' then 'project:' || workspace_slug || '/' || project_key else 'workspace:' || workspace_slug end as id,
      case p.value ->> 'on' when 'repository' then repository_full_name when 'project' then 'Project ' || project_key || ' of ' || workspace_slug else 'Workspace ' || workspace_slug end as title
    from
      bitbucket_repository_access
      cross join jsonb_array_elements(paths) as p
    where
      user_uuid = $1::text;
  EOQ

  param "user_uuid" {}
}

query "user_graph_user" {
  sql = <<-EOQ
    select distinct
      user_uuid as id,
      user_display_name as title
    from
      bitbucket_repository_access
    where
      user_uuid = $1::text;
  EOQ

  param "user_uuid" {}
}

query "user_groups" {
  sql = <<-EOQ
    select
      workspace_slug as "Workspace",
      group_name as "Group"
    from
      bitbucket_group_member
    where
      user_uuid = $1::text
    order by
      workspace_slug, group_name;
  EOQ

  param "user_uuid" {}
}

query "user_input" {
  sql = <<-EOQ
    select distinct
      user_display_name as label,
      user_uuid as value,
      jsonb_build_object('nickname', user_nickname) as tags
    from
      bitbucket_repository_permission
    order by
      user_display_name, user_uuid;
  EOQ
}

query "user_pull_requests" {
  sql = <<-EOQ
    select
      repository_full_name as "Repository",
      id as "Number",
      title as "Title",
      to_char(created_on, 'YYYY-MM-DD') as "Created",
      approval_count as "Approvals",
      html_url
    from
      bitbucket_pull_request
    where
      author_uuid = $1::text
      and state = 'OPEN'
    order by
      updated_on desc, repository_full_name, id;
  EOQ

  param "user_uuid" {}
}

query "user_repository_count" {
  sql = <<-EOQ
    select
      'Repositories' as label,
      count(*) as value
    from
      bitbucket_repository_access
    where
      user_uuid = $1::text;
  EOQ

  param "user_uuid" {}
}

query "user_workspaces" {
  sql = <<-EOQ
    select
      workspace_slug as "Workspace",
      permission as "Role",
      to_char(added_on, 'YYYY-MM-DD') as "Member since",
      to_char(last_accessed, 'YYYY-MM-DD') as "Last used"
    from
      bitbucket_workspace_member
    where
      user_uuid = $1::text
    order by
      workspace_slug;
  EOQ

  param "user_uuid" {}
}

query "workspace_administrator_count" {
  sql = <<-EOQ
    select
      'Administrators' as label,
      count(*) as value,
      $1::text as workspace_slug
    from
      bitbucket_workspace_member
    where
      workspace_slug = $1::text
      and permission = 'owner';
  EOQ

  param "workspace_slug" {}
}

query "workspace_by_age" {
  sql = <<-EOQ
    select
      substr(to_char(created_on, 'YYYY-MM'), 1, 4) as "Created",
      count(*) as "Repositories"
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
    group by
      substr(to_char(created_on, 'YYYY-MM'), 1, 4)
    order by
      substr(to_char(created_on, 'YYYY-MM'), 1, 4);
  EOQ

  param "workspace_slug" {}
}

query "workspace_by_change" {
  sql = <<-EOQ
    select
      case
        when (current_date - cast(updated_on as date)) < 30 then 'less than 30'
        when (current_date - cast(updated_on as date)) < 90 then '30 to 90'
        when (current_date - cast(updated_on as date)) < 365 then '90 to 365'
        else 'more than a year'
      end as "Days since the last change",
      count(*) as "Repositories"
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
    group by
      1
    order by
      max(updated_on) desc;
  EOQ

  param "workspace_slug" {}
}

query "workspace_by_language" {
  sql = <<-EOQ
    select
      coalesce(nullif(language, ''), 'not set') as "Language",
      count(*) as "Repositories"
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
    group by
      coalesce(nullif(language, ''), 'not set')
    order by
      count(*) desc, coalesce(nullif(language, ''), 'not set');
  EOQ

  param "workspace_slug" {}
}

query "workspace_by_project" {
  sql = <<-EOQ
    select
      coalesce(project_name, project_key) as "Project",
      count(*) as "Repositories"
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
    group by
      coalesce(project_name, project_key)
    order by
      count(*) desc, coalesce(project_name, project_key);
  EOQ

  param "workspace_slug" {}
}

query "workspace_by_size" {
  sql = <<-EOQ
    select
      case when size < 1000000 then 'below 1 MB' when size < 10000000 then '1 to 10 MB' when size < 100000000 then '10 to 100 MB' when size < 1000000000 then '100 MB to 1 GB' else '1 GB and more' end as "Size",
      count(*) as "Repositories"
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
    group by
      case when size < 1000000 then 'below 1 MB' when size < 10000000 then '1 to 10 MB' when size < 100000000 then '10 to 100 MB' when size < 1000000000 then '100 MB to 1 GB' else '1 GB and more' end
    order by
      min(size);
  EOQ

  param "workspace_slug" {}
}

query "workspace_by_visibility" {
  sql = <<-EOQ
    select
      case when is_private then 'private' else 'public' end as "Visibility",
      count(*) as "Repositories"
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
    group by
      case when is_private then 'private' else 'public' end
    order by
      case when is_private then 'private' else 'public' end;
  EOQ

  param "workspace_slug" {}
}

query "workspace_inactive_count" {
  sql = <<-EOQ
    select
      'Inactive repositories' as label,
      count(*) as value,
      case when count(*) > 0 then 'alert' else 'ok' end as type
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
      and updated_on < now() - $2::integer * interval '1 day';
  EOQ

  param "workspace_slug" {}

  param "inactive_repository_days" {
    description = "Days after which a repository that did not change counts as inactive."
    default     = var.inactive_repository_days
  }
}

query "workspace_input" {
  sql = <<-EOQ
    select
      slug as label,
      slug as value
    from
      bitbucket_my_workspace
    order by
      is_administrator desc, slug;
  EOQ
}

query "workspace_member_count" {
  sql = <<-EOQ
    select
      'Members' as label,
      count(*) as value,
      $1::text as workspace_slug
    from
      bitbucket_workspace_member
    where
      workspace_slug = $1::text;
  EOQ

  param "workspace_slug" {}
}

query "workspace_new_repositories" {
  sql = <<-EOQ
    with mine as materialized (
      select
        full_name,
        permission
      from
        bitbucket_my_repository
      where
        workspace_slug = $1::text
    )
    select
      r.full_name as "Repository",
      r.project_name as "Project",
      to_char(r.created_on, 'YYYY-MM-DD') as "Created",
      case when r.is_private then 'private' else 'public' end as "Visibility",
      coalesce(m.permission, 'none') as "Access of the connected account"
    from
      bitbucket_repository as r
      left join mine as m on m.full_name = r.full_name
    where
      r.workspace_slug = $1::text
      and r.created_on >= date_trunc('day', now()) - $2::integer * interval '1 day'
    order by
      r.created_on desc, r.full_name;
  EOQ

  param "workspace_slug" {}

  param "since" {}
}

query "workspace_public" {
  sql = <<-EOQ
    select
      full_name as "Repository",
      project_name as "Project",
      owner_display_name as "Owner",
      to_char(created_on, 'YYYY-MM-DD') as "Created",
      to_char(updated_on, 'YYYY-MM-DD') as "Last change"
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
      and not is_private
    order by
      full_name;
  EOQ

  param "workspace_slug" {}
}

query "workspace_public_count" {
  sql = <<-EOQ
    select
      'Public repositories' as label,
      count(*) as value,
      case when count(*) > 0 then 'alert' else 'ok' end as type
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
      and not is_private;
  EOQ

  param "workspace_slug" {}
}

query "workspace_repositories" {
  sql = <<-EOQ
    select
      full_name as "Repository",
      project_name as "Project",
      language as "Language",
      case when is_private then 'private' else 'public' end as "Visibility",
      round(size / 1000000.0, 1) as "Megabytes",
      to_char(created_on, 'YYYY-MM-DD') as "Created",
      to_char(updated_on, 'YYYY-MM-DD') as "Last change"
    from
      bitbucket_repository
    where
      workspace_slug = $1::text
    order by
      full_name;
  EOQ

  param "workspace_slug" {}
}

query "workspace_repository_count" {
  sql = <<-EOQ
    select
      'Repositories' as label,
      count(*) as value
    from
      bitbucket_repository
    where
      workspace_slug = $1::text;
  EOQ

  param "workspace_slug" {}
}

query "workspace_size" {
  sql = <<-EOQ
    select
      'Gigabytes' as label,
      round(coalesce(sum(size), 0) / 1000000000.0, 1) as value
    from
      bitbucket_repository
    where
      workspace_slug = $1::text;
  EOQ

  param "workspace_slug" {}
}
