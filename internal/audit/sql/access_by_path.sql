with {{template "access_of_workspace"}}
select
  case when is_workspace_owner then 'administrators of the workspace' when is_direct and via_group then 'directly and by a group' when is_direct then 'directly' when via_group then 'by a group' when is_direct is null or via_group is null then 'not shown' else 'unexplained' end as "Path",
  permission as "Permission",
  count(*) as "Users and repositories"
from
  access
group by
  case when is_workspace_owner then 'administrators of the workspace' when is_direct and via_group then 'directly and by a group' when is_direct then 'directly' when via_group then 'by a group' when is_direct is null or via_group is null then 'not shown' else 'unexplained' end, permission
order by
  case when is_workspace_owner then 'administrators of the workspace' when is_direct and via_group then 'directly and by a group' when is_direct then 'directly' when via_group then 'by a group' when is_direct is null or via_group is null then 'not shown' else 'unexplained' end, permission
