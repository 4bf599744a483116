{{template "protection"}},
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
    cross join {{each "l.users"}} as u
    join administrators as a on a.repository_full_name = l.repository_full_name and a.user_uuid = u.value ->> 'uuid'
  union
  select
    l.repository_full_name,
    a.name
  from
    limits as l
    cross join {{each "l.groups"}} as g
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
    {{template "unjudged"}}
    when pushes = 0 or names is not null then 'alarm'
    else 'ok'
  end as status,
  case
    {{template "unjudged_reason"}}
    when pushes = 0 then 'Administrators, like everybody with write access, can push to ' || mainbranch_name || ' of ' || full_name || {{template "own_rules"}}
    when names is not null then 'Rules for ' || mainbranch_name || ' of ' || full_name || ' exempt administrators: ' || names || {{template "own_rules"}}
    else 'Rules for ' || mainbranch_name || ' of ' || full_name || ' bind administrators too.'
  end as reason,
  workspace_slug as workspace,
  full_name as repository
from
  protection
  left join exemptions on repository_full_name = full_name
