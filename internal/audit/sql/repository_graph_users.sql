with {{template "access_of_repository"}}
select
  user_uuid as id,
  user_display_name as title,
  {{object "'User'" "user_uuid" "'Permission'" "permission"}} as properties
from
  access
