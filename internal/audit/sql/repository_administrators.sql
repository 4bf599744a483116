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
    when administrators between {{number "min_repository_administrators"}} and {{number "max_repository_administrators"}} then 'ok'
    else 'alarm'
  end as status,
  repository_full_name || ' has ' || administrators || case when administrators = 1 then ' administrator.' else ' administrators.' end as reason,
  workspace_slug as workspace,
  repository_full_name as repository
from
  repositories
