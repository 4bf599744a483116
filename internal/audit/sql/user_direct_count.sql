with {{template "access_of_user"}}
select
  'By direct grants' as label,
  count(*) as value
from
  access
where
  is_direct
