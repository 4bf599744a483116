with {{template "omissions"}}
select
  'Off or empty' as label,
  count(*) as value,
  'ok' as type
from
  omissions
where
  position = 2
