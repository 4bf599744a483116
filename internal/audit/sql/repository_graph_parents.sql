select
  'project:' || project_key as from_id,
  'repository:' || full_name as to_id,
  'holds' as title
from
  bitbucket_repository
where
  full_name = {{text "repository_full_name"}}
union all
select
  'workspace:' || workspace_slug,
  'project:' || project_key,
  'holds'
from
  bitbucket_repository
where
  full_name = {{text "repository_full_name"}}
