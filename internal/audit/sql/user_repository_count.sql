with {{template "access_of_user"}}
select
  'Repositories' as label,
  count(*) as value
from
  access
