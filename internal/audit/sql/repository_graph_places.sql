with {{template "repository"}}
select
  'repository:' || full_name as id,
  full_name as title
from
  repository
union all
select
  'project:' || project_key,
  'Project ' || project_name
from
  repository
union all
select
  'workspace:' || workspace_slug,
  'Workspace ' || workspace_slug
from
  repository
