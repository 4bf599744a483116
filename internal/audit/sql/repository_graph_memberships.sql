select distinct
  user_uuid as from_id,
  'group:' || (p.value ->> 'group_slug') as to_id,
  case when p.value ->> 'membership' is null then 'member' else 'possible member' end as title
from
  bitbucket_repository_access
  cross join {{each "paths"}} as p
where
  repository_full_name = {{text "repository_full_name"}}
  and p.value ->> 'holder' = 'group'
