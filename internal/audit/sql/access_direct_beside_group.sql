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
    when is_direct is null or via_group is null then ' has ' || permission || ' on ' || repository_full_name || '; Bitbucket does not show the connected account which grants give it.'
    when via_group then ' has a direct grant on ' || repository_full_name || ' in addition to access by ' || (
      select string_agg(p.value ->> 'group_name', ', ' order by p.value ->> 'group_name')
      from {{each "paths"}} as p
      where p.value ->> 'holder' = 'group' and p.value ->> 'membership' is null
    ) || '.'
    else ' has a direct grant on ' || repository_full_name || ', and no group gives the same access.'
  end as reason,
  workspace_slug as workspace,
  repository_full_name as repository,
  user_display_name as user_name
from
  bitbucket_repository_access
