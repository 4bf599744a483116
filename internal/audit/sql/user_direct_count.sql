with {{template "access_of_user"}}
select
  'By direct grants' as label,
  case when count(*) = 0 then 'none seen' else cast(count(*) filter (where is_direct) as text) end as value
from
  access
