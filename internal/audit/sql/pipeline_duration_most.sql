with {{template "pipelines"}},
{{ranked "duration_in_seconds" "pipelines" ""}}
select
  'Minutes a run, 9 of 10' as label,
  round({{percentile "0.9" "duration_in_seconds"}} / 60.0, 1) as value
from
  ranked
