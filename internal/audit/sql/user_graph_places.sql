with {{template "access_of_user"}}
select distinct
  case p.value ->> 'on' when 'repository' then 'repository:' || repository_full_name when 'project' then 'project:' || workspace_slug || '/' || project_key else 'workspace:' || workspace_slug end as id,
  case p.value ->> 'on' when 'repository' then repository_full_name when 'project' then 'Project ' || project_key || ' of ' || workspace_slug else 'Workspace ' || workspace_slug end as title
from
  access
  cross join {{each "paths"}} as p
