with {{template "steps"}}
select
  name as "Step",
  round(min(duration_in_seconds) filter (where position >= 0.5 * total) / 60.0, 2) as "Median",
  round(min(duration_in_seconds) filter (where position >= 0.9 * total) / 60.0, 2) as "9 of 10"
from
  ranked
group by
  name
having
  max(total) > 0
order by
  2 desc nulls last, name
limit 15
