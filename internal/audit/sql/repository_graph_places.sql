with {{template "repository"}}
select
  'repository:' || full_name as id,
  substr(full_name, length(workspace_slug) + 2) as title,
  html_url as link
from
  repository
union all
select
  'project:' || project_key,
  project_name,
  'https://bitbucket.org/' || workspace_slug || '/workspace/projects/' || project_key
from
  repository
union all
select
  'workspace:' || workspace_slug,
  workspace_slug,
  '/bitbucket.dashboard.bitbucket_access?input.workspace_slug=' || workspace_slug
from
  repository
