with {{template "repository"}}
select
  'Visibility' as label,
  case when is_private then 'private' else 'public' end as value,
  case when is_private then 'ok' else 'alert' end as type
from
  repository
