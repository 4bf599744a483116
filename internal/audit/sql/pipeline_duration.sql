with {{template "pipelines"}},
{{ranked "duration_in_seconds" "pipelines" ""}}
select
  'Minutes a run, median' as label,
  round({{percentile "0.5" "duration_in_seconds"}} / 60.0, 1) as value
from
  ranked
