with {{template "repositories"}}
select
  'Inactive repositories' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  repositories
where
  updated_on < {{days_ago "inactive_repository_days"}}
