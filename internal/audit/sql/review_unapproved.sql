with {{template "merged"}}
select
  repository_full_name as "Repository",
  id as "Number",
  title as "Title",
  author_display_name as "Author",
  closed_by_display_name as "Merged by",
  {{date "updated_on"}} as "Merged",
  html_url
from
  merged
where
  approval_count = 0
order by
  updated_on desc, repository_full_name, id
