select
  workspace_slug as "Workspace",
  group_name as "Group"
from
  bitbucket_group_member
where
  user_uuid = {{text "user_uuid"}}
order by
  workspace_slug, group_name
