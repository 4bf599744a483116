with {{template "open"}}
select
  repository_full_name as "Repository",
  id as "Number",
  title as "Title",
  author_display_name as "Author",
  {{date "created_on"}} as "Created",
  {{days_since "updated_on"}} as "Days without a change",
  approval_count as "Approvals",
  html_url
from
  open
where
  updated_on < {{days_ago "stale_pull_request_days"}}
order by
  updated_on, repository_full_name, id
