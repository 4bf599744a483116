with {{template "open"}}
select
  *
from
  (
    select
      repository_full_name as "Repository",
      count(*) as "Open"
    from
      open
    group by
      repository_full_name
    order by
      count(*) desc, repository_full_name
    limit 10
  ) as largest
order by
  2, 1 desc
