with {{template "members_of_workspace"}},
{{template "permissions_in_workspace"}}
select
  user_display_name as "User",
  count(*) as "Repositories",
  count(*) filter (where permission = 'admin') as "As administrator",
  count(*) filter (where permission = 'write') as "Write",
  user_uuid
from
  permissions
where
  user_uuid not in (select user_uuid from members)
group by
  user_uuid, user_display_name
order by
  count(*) desc, user_display_name, user_uuid
