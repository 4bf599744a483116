with {{template "repository"}}
select
  full_name as "Repository",
  project_name as "Project",
  case when is_private then 'private' else 'public' end as "Visibility",
  coalesce(description, '') as "Description",
  coalesce(nullif(language, ''), 'not set') as "Language",
  coalesce(mainbranch_name, 'none yet') as "Main branch",
  fork_policy as "Forks",
  round(size / 1000000.0, 1) as "Megabytes",
  {{date "created_on"}} as "Created",
  {{date "updated_on"}} as "Last change",
  {{days_since "updated_on"}} as "Days since the last change",
  html_url
from
  repository
