with {{template "repository"}}
select
  'project:' || project_key as from_id,
  'repository:' || full_name as to_id,
  'holds' as title
from
  repository
union all
select
  'workspace:' || workspace_slug,
  'project:' || project_key,
  'holds'
from
  repository
