select
  user_display_name as "User",
  repository_full_name as "Repository",
  permission as "Permission",
  user_uuid
from
  bitbucket_repository_access
where
  workspace_slug = {{text "workspace_slug"}}
  and not is_member
order by
  user_display_name, repository_full_name
