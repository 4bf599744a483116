select distinct
  user_display_name as label,
  user_uuid as value,
  {{object "'nickname'" "user_nickname"}} as tags
from
  bitbucket_repository_permission
order by
  user_display_name, user_uuid
