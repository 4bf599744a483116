select
  'Days since the last change' as label,
  {{days_since "updated_on"}} as value
from
  bitbucket_repository
where
  full_name = {{text "repository_full_name"}}
