select
  'The connected account has' as label,
  coalesce(max(permission), 'none') as value,
  case when max(permission) = 'admin' then 'ok' else 'info' end as type
from
  bitbucket_my_repository
where
  full_name = {{text "repository_full_name"}}
