select
  'Administrators' as label,
  count(*) as value
from
  bitbucket_workspace_member
where
  workspace_slug = {{text "workspace_slug"}}
  and permission = 'owner'
