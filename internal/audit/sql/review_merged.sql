with {{template "merged"}}
select
  repository_full_name as "Repository",
  id as "Number",
  title as "Title",
  approval_count as "Approvals",
  coalesce(author_display_name, 'not shown') as "Author",
  coalesce(closed_by_display_name, 'not shown') as "Merged by",
  case when author_uuid = closed_by_uuid then 'yes' else 'no' end as "By the author",
  round(cast({{days_between "created_on" "updated_on"}} as numeric), 1) as "Days to merge",
  {{date "updated_on"}} as "Merged",
  html_url
from
  merged
order by
  case when approval_count = 0 then 0 else 1 end, updated_on desc, repository_full_name, id
