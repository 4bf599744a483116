select
  'Connected account has' as label,
  coalesce(max(permission), 'no permission') || case when max(permission) = 'admin' then '' else '; access, rules and keys need admin' end as value,
  case when max(permission) = 'admin' then 'ok' else 'info' end as type
from
  bitbucket_my_repository
where
  full_name = {{text "repository_full_name"}}
