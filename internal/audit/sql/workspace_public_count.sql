with {{template "repositories"}}
select
  'Public repositories' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  repositories
where
  not is_private
