select
  'The connected account has' as label,
  permission as value
from
  bitbucket_my_repository
where
  full_name = {{text "repository_full_name"}}
