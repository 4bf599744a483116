with {{template "access_of_user"}}
select
  'As administrator' as label,
  case when count(*) = 0 then 'none seen' else cast(count(*) filter (where permission = 'admin') as text) end as value
from
  access
