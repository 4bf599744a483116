with {{template "merged"}}
select
  'Merged without approval' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  merged
where
  approval_count = 0
