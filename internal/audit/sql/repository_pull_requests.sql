with {{template "open_in_repository"}}
select
  id as "Number",
  title as "Title",
  coalesce(author_display_name, 'not shown') as "Author",
  {{date "created_on"}} as "Created",
  approval_count as "Approvals",
  html_url
from
  open
order by
  updated_on desc, id
