with {{template "access_of_user"}},
places as (
  select distinct
    case p.value ->> 'on' when 'repository' then 'repository:' || repository_full_name when 'project' then 'project:' || workspace_slug || '/' || project_key else 'workspace:' || workspace_slug end as id,
    case p.value ->> 'on' when 'repository' then substr(repository_full_name, length(workspace_slug) + 2) when 'project' then 'Project ' || project_key else workspace_slug end as name,
    case p.value ->> 'on'
      when 'repository' then '/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name=' || repository_full_name
      else '/bitbucket.dashboard.bitbucket_access?input.workspace_slug=' || workspace_slug
    end as link,
    workspace_slug
  from
    access
    cross join {{each "paths"}} as p
)
select
  id,
  {{named "name" "id" "workspace_slug"}} as title,
  link
from
  places
