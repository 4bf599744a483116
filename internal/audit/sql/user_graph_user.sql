select distinct
  user_uuid as id,
  user_display_name as title
from
  bitbucket_repository_access
where
  user_uuid = {{text "user_uuid"}}
