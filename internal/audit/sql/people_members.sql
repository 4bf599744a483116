with {{template "members_of_workspace"}},
{{template "permissions_in_workspace"}}
select
  m.display_name as "Member",
  m.nickname as "Nickname",
  m.permission as "Role",
  {{date "m.added_on"}} as "Member since",
  {{date "m.last_accessed"}} as "Last used",
  count(*) as "Repositories",
  count(*) filter (where p.permission = 'admin') as "As administrator",
  m.user_uuid
from
  members as m
  join permissions as p on p.user_uuid = m.user_uuid
group by
  m.user_uuid, m.display_name, m.nickname, m.permission, m.added_on, m.last_accessed
order by
  m.last_accessed is null, m.last_accessed, m.display_name, m.user_uuid
