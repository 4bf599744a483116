with {{template "access_of_user"}}
select distinct
  'group:' || workspace_slug || ':' || (p.value ->> 'group_slug') as id,
  p.value ->> 'group_name' as title
from
  access
  cross join {{each "paths"}} as p
where
  p.value ->> 'holder' = 'group'
