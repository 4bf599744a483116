select
  'Of these, as administrator' as label,
  count(*) as value
from
  bitbucket_repository_access
where
  user_uuid = {{text "user_uuid"}}
  and permission = 'admin'
