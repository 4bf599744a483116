with {{template "members_of_workspace"}},
{{template "permissions_in_workspace"}}
select
  m.display_name as "Member",
  coalesce(m.nickname, '') as "Nickname",
  m.permission as "Role",
  coalesce({{date "m.added_on"}}, 'not shown') as "Member since",
  coalesce({{date "m.last_accessed"}}, 'not shown') as "Last used",
  case when exists (select 1 from permissions) then cast(count(p.user_uuid) as text) else 'not shown' end as "Repositories",
  case when exists (select 1 from permissions) then cast(count(case when p.permission = 'admin' then 1 end) as text) else 'not shown' end as "As administrator",
  m.user_uuid
from
  members as m
  left join permissions as p on p.user_uuid = m.user_uuid
group by
  m.user_uuid, m.display_name, m.nickname, m.permission, m.added_on, m.last_accessed
order by
  m.last_accessed is null, m.last_accessed, m.display_name, m.user_uuid
