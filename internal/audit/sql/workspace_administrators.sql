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
    when administrators between {{number "min_workspace_administrators"}} and {{number "max_workspace_administrators"}} then 'ok'
    else 'alarm'
  end as status,
  workspace_slug || ' has ' || administrators || case when administrators = 1 then ' administrator' else ' administrators' end || coalesce(': ' || names, '') || '.' as reason,
  workspace_slug as workspace
from
  workspaces
