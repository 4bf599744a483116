select
  'project:' || key as id,
  name as title,
  1 as depth,
  {{object "'Key'" "key"}} as properties
from
  bitbucket_project
where
  workspace_slug = {{text "workspace_slug"}}
