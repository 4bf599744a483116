with {{template "pipelines"}}
select
  'Minutes used' as label,
  cast(round(coalesce(sum(build_seconds_used), 0) / 60.0) as integer) as value
from
  pipelines
