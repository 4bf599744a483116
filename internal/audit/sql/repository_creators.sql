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
user_grants as materialized (
  select
    workspace_slug,
    project_key,
    user_uuid,
    user_display_name
  from
    bitbucket_project_user_permission
  where
    permission in ('create-repo', 'admin')
    and not {{listed "user_uuid" "trusted_creators"}}
    and not {{listed "coalesce(user_account_id, user_uuid)" "trusted_creators"}}
),
creators as materialized (
  select
    workspace_slug,
    project_key,
    user_display_name as name
  from
    user_grants as p
  where
    not exists (
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
    and not {{listed "group_slug" "trusted_creators"}}
),
administered_projects as materialized (
  select
    workspace_slug,
    key
  from
    bitbucket_project
  where
    workspace_slug in (select slug from bitbucket_my_workspace where is_administrator)
),
projects as (
  select
    p.workspace_slug,
    p.key,
    string_agg(c.name, ', ' order by c.name) as names
  from
    administered_projects as p
    left join creators as c on c.workspace_slug = p.workspace_slug and c.project_key = p.key
  group by
    p.workspace_slug, p.key
),
workspaces as (
  select
    workspace_slug,
    string_agg(display_name, ', ' order by display_name) filter (
      where
        permission = 'create-project'
        and not {{listed "user_uuid" "trusted_creators"}}
        and not {{listed "coalesce(account_id, user_uuid)" "trusted_creators"}}
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
    when names is null then 'Only administrators of the workspace and trusted users can create repositories in project ' || key || ' of ' || workspace_slug || '.'
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
    when names is null then 'Only administrators and trusted users can create projects in ' || workspace_slug || '.'
    else 'Projects in ' || workspace_slug || ' can be created by ' || names || '.'
  end,
  workspace_slug,
  cast(null as text)
from
  workspaces
