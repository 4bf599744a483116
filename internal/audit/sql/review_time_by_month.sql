with {{template "merged"}},
ranked as (
  select
    month,
    days,
    row_number() over (partition by month order by days) as position,
    count(*) over (partition by month) as total
  from
    (select {{month "updated_on"}} as month, {{days_between "created_on" "updated_on"}} as days from merged) as times
)
select
  month as "Month",
  round(cast(min(days) filter (where position >= 0.5 * total) as numeric), 1) as "Median",
  round(cast(min(days) filter (where position >= 0.9 * total) as numeric), 1) as "9 of 10"
from
  ranked
group by
  month
order by
  month
