select
  id as "Number",
  title as "Title",
  author_display_name as "Author",
  {{date "created_on"}} as "Created",
  approval_count as "Approvals",
  html_url
from
  bitbucket_pull_request
where
  repository_full_name = {{text "repository_full_name"}}
  and state = 'OPEN'
order by
  updated_on desc, id
