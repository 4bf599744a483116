with {{template "repositories"}}
select
  full_name as "Repository",
  project_name as "Project",
  {{date "updated_on"}} as "Last change",
  {{days_since "updated_on"}} as "Days without a change"
from
  repositories
where
  updated_on < {{days_ago "inactive_repository_days"}}
order by
  updated_on, full_name
