with {{template "merged"}}
select
  'Self-merged' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  merged
where
  author_uuid = closed_by_uuid
