with {{template "access_of_user"}}
select
  'Of these, as administrator' as label,
  count(*) as value
from
  access
where
  permission = 'admin'
