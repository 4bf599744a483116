with {{template "access_of_workspace"}}
select
  'Users with access' as label,
  count(distinct user_uuid) as value
from
  access
