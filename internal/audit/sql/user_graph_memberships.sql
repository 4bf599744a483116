with {{template "access_of_user"}}
select distinct
  user_uuid as from_id,
  'group:' || workspace_slug || ':' || (p.value ->> 'group_slug') as to_id,
  case when p.value ->> 'membership' is null then 'member' else 'possible member' end as title
from
  access
  cross join {{each "paths"}} as p
where
  p.value ->> 'holder' = 'group'
