with {{template "open"}},
{{template "merged"}},
{{template "first_reviews"}},
ranked as (
  select
    hours,
    row_number() over (order by hours) as position,
    count(*) over () as total
  from
    first_reviews
)
select
  'Hours to review, 9 of 10' as label,
  coalesce(cast(cast(round(min(hours) filter (where position >= 0.9 * total)) as integer) as text), 'none') as value
from
  ranked
