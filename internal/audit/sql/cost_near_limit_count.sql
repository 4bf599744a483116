with {{template "repositories"}}
select
  'Above 3 GB' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  repositories
where
  size > 3000000000
