with {{template "open"}}
select
  repository_full_name as "Repository",
  id as "Number",
  title as "Title",
  coalesce(author_display_name, 'not shown') as "Author",
  {{date "created_on"}} as "Created",
  {{days_since "updated_on"}} as "Days without a change",
  case when updated_on < {{days_ago "stale_pull_request_days"}} then 'yes' else 'no' end as "Stale",
  approval_count as "Approvals",
  html_url
from
  open
order by
  updated_on, repository_full_name, id
