with {{template "merged"}},
{{template "sizes"}}
select
  repository_full_name as "Repository",
  id as "Number",
  title as "Title",
  lines as "Lines changed",
  files as "Files changed",
  round(cast(days as numeric), 1) as "Days to merge",
  approval_count as "Approvals",
  coalesce(author_display_name, 'not shown') as "Author",
  {{date "updated_on"}} as "Merged",
  html_url
from
  sizes
order by
  lines desc, repository_full_name, id
