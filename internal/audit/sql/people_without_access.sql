with {{template "members_of_workspace"}},
{{template "permissions_in_workspace"}}
select
  display_name as "Member",
  coalesce(nickname, '') as "Nickname",
  permission as "Role",
  coalesce({{date "added_on"}}, 'not shown') as "Member since",
  coalesce({{date "last_accessed"}}, 'not shown') as "Last used",
  user_uuid
from
  members
where
  user_uuid not in (select user_uuid from permissions)
  and exists (select 1 from permissions)
order by
  display_name, user_uuid
