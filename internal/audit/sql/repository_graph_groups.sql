with {{template "access_of_repository"}}
select distinct
  'group:' || (p.value ->> 'group_slug') as id,
  p.value ->> 'group_name' as title
from
  access
  cross join {{each "paths"}} as p
where
  p.value ->> 'holder' = 'group'
