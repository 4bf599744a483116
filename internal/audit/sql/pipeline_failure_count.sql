with {{template "pipelines"}}
select
  'Failed runs' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  pipelines
where
  result_name in ('FAILED', 'ERROR')
