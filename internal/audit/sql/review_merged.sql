with {{template "open"}},
{{template "merged"}},
{{template "first_reviews"}}
select
  p.repository_full_name as "Repository",
  p.id as "Number",
  title as "Title",
  approval_count as "Approvals",
  coalesce(author_display_name, 'not shown') as "Author",
  coalesce(closed_by_display_name, 'not shown') as "Merged by",
  case when author_uuid = closed_by_uuid then 'yes' else 'no' end as "Self-merged",
  round(cast({{days_between "created_on" "updated_on"}} as numeric), 1) as "Days to merge",
  case
    when f.hours is not null then cast(cast(round(f.hours) as integer) as text)
    when created_on < {{since}} then 'not read'
    else 'none'
  end as "Hours to review",
  {{date "updated_on"}} as "Merged",
  html_url
from
  merged as p
  left join first_reviews as f on f.repository_full_name = p.repository_full_name and f.id = p.id
order by
  case when approval_count = 0 then 0 else 1 end, updated_on desc, p.repository_full_name, p.id
