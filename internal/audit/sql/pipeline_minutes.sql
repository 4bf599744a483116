with {{template "pipelines"}}
select
  'Minutes used' as label,
  round(coalesce(sum(build_seconds_used), 0) / 60.0, 2) as value
from
  pipelines
