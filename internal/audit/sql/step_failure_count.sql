with {{template "steps"}}
select
  'Steps failed' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  steps
where
  result_name in ('FAILED', 'ERROR')
