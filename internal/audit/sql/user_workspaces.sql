select
  workspace_slug as "Workspace",
  permission as "Role",
  {{date "added_on"}} as "Member since",
  {{date "last_accessed"}} as "Last used"
from
  bitbucket_workspace_member
where
  user_uuid = {{text "user_uuid"}}
order by
  workspace_slug
