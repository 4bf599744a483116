select
  workspace_slug as "Workspace",
  permission as "Role",
  coalesce({{date "added_on"}}, 'not shown') as "Member since",
  coalesce({{date "last_accessed"}}, 'not shown') as "Last used"
from
  bitbucket_workspace_member
where
  user_uuid = {{text "user_uuid"}}
order by
  workspace_slug
