with {{template "access_of_user"}}
select distinct
  user_uuid as id,
  user_display_name as title
from
  access
