select
  coalesce(project_name, project_key) as "Project",
  count(*) as "Repositories"
from
  bitbucket_repository
where
  workspace_slug = {{text "workspace_slug"}}
group by
  coalesce(project_name, project_key)
order by
  count(*) desc, coalesce(project_name, project_key)
