with {{template "repositories"}}
select
  full_name as "Repository",
  project_name as "Project",
  owner_display_name as "Owner",
  {{date "created_on"}} as "Created",
  {{date "updated_on"}} as "Last change"
from
  repositories
where
  not is_private
order by
  full_name
