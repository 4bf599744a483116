select distinct
  user_uuid as from_id,
  'group:' || workspace_slug || ':' || (p.value ->> 'group_slug') as to_id,
  case when p.value ->> 'membership' is null then 'member' else 'possible member' end as title
from
  bitbucket_repository_access
  cross join {{each "paths"}} as p
where
  user_uuid = {{text "user_uuid"}}
  and p.value ->> 'holder' = 'group'
