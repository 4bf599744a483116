with {{template "repositories"}}
select
  full_name as "Repository",
  project_name as "Project",
  coalesce(nullif(language, ''), 'not set') as "Language",
  case when is_private then 'private' else 'public' end as "Visibility",
  round(size / 1000000.0, 1) as "Megabytes",
  {{date "created_on"}} as "Created",
  {{date "updated_on"}} as "Last change"
from
  repositories
order by
  full_name
