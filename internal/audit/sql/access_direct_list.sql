with {{template "access_of_workspace"}}
select
  user_display_name as "User",
  repository_full_name as "Repository",
  permission as "Permission",
  user_uuid
from
  access
where
  is_direct
  and via_group
  and is_workspace_owner is not true
order by
  user_display_name, repository_full_name, user_uuid
