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
    when unexplained > 0 then 'No grant explains the access of ' || names || ' to ' || repository_full_name || '.'
    when unknown > 0 then 'Bitbucket does not show the connected account all grants that give access to ' || repository_full_name || '.'
    else 'Grants explain all access to ' || repository_full_name || '.'
  end as reason,
  workspace_slug as workspace,
  repository_full_name as repository
from
  repositories
