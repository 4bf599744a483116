with {{template "repositories"}}
select
  *
from
  (
    select
      full_name as "Repository",
      round(size / 1000000000.0, 2) as "Gigabytes"
    from
      repositories
    order by
      size desc, full_name
    limit 10
  ) as largest
order by
  2, 1 desc
