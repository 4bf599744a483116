with {{template "repositories"}}
select
  coalesce(project_name, project_key) as "Project",
  count(*) as "Repositories"
from
  repositories
group by
  coalesce(project_name, project_key)
order by
  count(*), coalesce(project_name, project_key) desc
