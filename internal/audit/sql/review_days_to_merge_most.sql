with {{template "merged"}},
ranked as (
  select
    days,
    row_number() over (order by days) as position,
    count(*) over () as total
  from
    (select {{days_between "created_on" "updated_on"}} as days from merged) as times
)
select
  'Days to merge, 9 of 10' as label,
  round(cast(min(days) filter (where position >= 0.9 * total) as numeric), 1) as value
from
  ranked
