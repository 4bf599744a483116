with {{template "steps"}}
select
  *
from
  (
    select
      name as "Step",
      round({{percentile "0.5" "duration_in_seconds"}} / 60.0, 2) as "Median",
      round({{percentile "0.9" "duration_in_seconds"}} / 60.0, 2) as "9 of 10"
    from
      ranked
    group by
      name
    having
      max(total) > 0
    order by
      2 desc nulls last, name
    limit 10
  ) as largest
order by
  2, 1 desc
