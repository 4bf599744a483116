select
  repository_full_name as "Repository",
  id as "Number",
  title as "Title",
  author_display_name as "Author",
  closed_by_display_name as "Merged by",
  {{date "updated_on"}} as "Merged",
  html_url
from
  bitbucket_pull_request
where
  workspace_slug = {{text "workspace_slug"}}
  and state = 'MERGED'
  and updated_on >= {{moment "since"}}
  and approval_count = 0
order by
  updated_on desc, repository_full_name, id
