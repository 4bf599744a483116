with {{template "members_of_workspace"}},
{{template "permissions_in_workspace"}}
select
  display_name as "Member",
  nickname as "Nickname",
  permission as "Role",
  {{date "added_on"}} as "Member since",
  {{date "last_accessed"}} as "Last used"
from
  members
where
  user_uuid not in (select user_uuid from permissions)
order by
  display_name, user_uuid
