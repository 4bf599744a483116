with {{template "omissions"}}
select
  'Refused or failed' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  omissions
where
  position = 0
