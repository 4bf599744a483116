with {{template "omissions"}}
select
  'Needs more access' as label,
  count(*) as value,
  case when count(*) > 0 then 'info' else 'ok' end as type
from
  omissions
where
  position = 1
