with {{template "access_of_workspace"}}
select
  case
    when is_workspace_owner then 'administers the workspace'
    when is_direct and via_group then 'direct and by a group'
    when is_direct then 'direct'
    when via_group then 'by a group'
    when is_direct is null or via_group is null then 'not shown'
    else 'not explained'
  end as "Path",
  count(*) filter (where permission = 'admin') as "Admin",
  count(*) filter (where permission = 'write') as "Write",
  count(*) filter (where permission = 'read') as "Read"
from
  access
group by
  1
order by
  count(*), 1 desc
