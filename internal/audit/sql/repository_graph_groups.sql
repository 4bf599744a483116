select distinct
  'group:' || (p.value ->> 'group_slug') as id,
  p.value ->> 'group_name' as title
from
  bitbucket_repository_access
  cross join {{each "paths"}} as p
where
  repository_full_name = {{text "repository_full_name"}}
  and p.value ->> 'holder' = 'group'
