with {{template "pipelines"}}
select
  'Minutes per run' as label,
  round(cast(round(cast(avg(duration_in_seconds) / 6.0 as numeric)) / 10.0 as numeric), 1) as value
from
  pipelines
