with {{template "pipelines"}}
select
  'Runs' as label,
  count(*) as value
from
  pipelines
