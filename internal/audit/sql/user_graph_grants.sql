with {{template "access_of_user"}}
select distinct
  case when p.value ->> 'holder' = 'group' then 'group:' || workspace_slug || ':' || (p.value ->> 'group_slug') else user_uuid end as from_id,
  case p.value ->> 'on' when 'repository' then 'repository:' || repository_full_name when 'project' then 'project:' || workspace_slug || '/' || project_key else 'workspace:' || workspace_slug end as to_id,
  p.value ->> 'permission' as title
from
  access
  cross join {{each "paths"}} as p
