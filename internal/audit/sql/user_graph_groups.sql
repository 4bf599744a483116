select distinct
  'group:' || workspace_slug || ':' || (p.value ->> 'group_slug') as id,
  p.value ->> 'group_name' as title
from
  bitbucket_repository_access
  cross join {{each "paths"}} as p
where
  user_uuid = {{text "user_uuid"}}
  and p.value ->> 'holder' = 'group'
