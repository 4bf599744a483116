select
  'By direct grants' as label,
  count(*) as value
from
  bitbucket_repository_access
where
  user_uuid = {{text "user_uuid"}}
  and is_direct
