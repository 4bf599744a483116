select
  user_display_name as "User",
  count(*) as "Repositories",
  count(*) filter (where is_workspace_owner) as "As administrator of the workspace",
  case when count(is_direct) = count(*) then cast(count(*) filter (where is_direct) as text) else 'not shown' end as "Direct",
  case when count(via_group) = count(*) then cast(count(*) filter (where via_group) as text) else 'not shown' end as "By a group",
  user_uuid
from
  bitbucket_repository_access
where
  workspace_slug = {{text "workspace_slug"}}
  and permission = 'admin'
group by
  user_uuid, user_display_name
order by
  count(*) desc, user_display_name, user_uuid
