with {{template "pipelines"}},
ranked as (
  select
    duration_in_seconds,
    row_number() over (order by duration_in_seconds) as position,
    count(*) over () as total
  from
    pipelines
  where
    duration_in_seconds is not null
)
select
  'Minutes a run, median' as label,
  round(min(duration_in_seconds) filter (where position >= 0.5 * total) / 60.0, 2) as value
from
  ranked
