with {{template "repository"}}
select
  'Days since the last change' as label,
  {{days_since "updated_on"}} as value
from
  repository
