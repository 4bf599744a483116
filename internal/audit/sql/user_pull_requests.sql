select
  repository_full_name as "Repository",
  id as "Number",
  title as "Title",
  {{date "created_on"}} as "Created",
  approval_count as "Approvals",
  html_url
from
  bitbucket_pull_request
where
  author_uuid = {{text "user_uuid"}}
  and state = 'OPEN'
order by
  updated_on desc, repository_full_name, id
