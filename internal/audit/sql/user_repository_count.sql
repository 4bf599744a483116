with {{template "access_of_user"}}
select
  'Repositories' as label,
  case when count(*) = 0 then 'none seen' else cast(count(*) as text) end as value
from
  access
