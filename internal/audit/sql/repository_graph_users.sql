select
  user_uuid as id,
  user_display_name as title,
  {{object "'User'" "user_uuid" "'Permission'" "permission"}} as properties
from
  bitbucket_repository_access
where
  repository_full_name = {{text "repository_full_name"}}
