with {{template "granted"}},
projects as materialized (
  select
    key,
    name
  from
    bitbucket_project
  where
    workspace_slug = {{text "workspace_slug"}}
)
select
  'project:' || key as id,
  {{named "name" "key"}} as title,
  1 as depth
from
  projects
where
  key in (select project_key from granted)
