select
  'group:' || slug as id,
  name as title,
  0 as depth,
  {{object "'Members'" "member_count" "'Default access'" "permission"}} as properties
from
  bitbucket_group
where
  workspace_slug = {{text "workspace_slug"}}
  and {{template "administered_workspace"}}
