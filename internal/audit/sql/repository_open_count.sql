select
  'Open pull requests' as label,
  count(*) as value
from
  bitbucket_pull_request
where
  repository_full_name = {{text "repository_full_name"}}
  and state = 'OPEN'
