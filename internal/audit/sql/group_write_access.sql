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
    when writable * 100 > total * {{number "max_group_write_percent"}} then 'alarm'
    else 'ok'
  end as status,
  name || ' can write to ' || writable || ' of ' || total || ' repositories of ' || workspace_slug || '.' as reason,
  workspace_slug as workspace,
  slug as group_slug
from
  groups_with_counts
