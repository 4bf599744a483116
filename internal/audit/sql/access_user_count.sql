with {{template "access_of_workspace"}}
select
  'Users with access' as label,
  case when count(*) = 0 then 'not shown' else cast(count(distinct user_uuid) as text) end as value
from
  access
