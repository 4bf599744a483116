select
  'Members' as label,
  count(*) as value,
  {{text "workspace_slug"}} as workspace_slug
from
  bitbucket_workspace_member
where
  workspace_slug = {{text "workspace_slug"}}
