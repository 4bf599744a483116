with {{template "access_of_workspace"}}
select
  user_display_name as "User",
  count(*) as "Repositories",
  count(*) filter (where permission = 'admin') as "Admin",
  count(*) filter (where permission = 'write') as "Write",
  count(*) filter (where permission = 'read') as "Read",
  coalesce(max(workspace_permission), 'none') as "Role in the workspace",
  user_uuid
from
  access
group by
  user_uuid, user_display_name
order by
  count(*) desc, user_display_name, user_uuid
