select
  'repository:' || full_name as id,
  full_name as title
from
  bitbucket_repository
where
  full_name = {{text "repository_full_name"}}
union all
select
  'project:' || project_key,
  'Project ' || project_name
from
  bitbucket_repository
where
  full_name = {{text "repository_full_name"}}
union all
select
  'workspace:' || workspace_slug,
  'Workspace ' || workspace_slug
from
  bitbucket_repository
where
  full_name = {{text "repository_full_name"}}
