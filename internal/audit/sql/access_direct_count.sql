with {{template "access_of_workspace"}}
select
  'Direct and by a group' as label,
  count(*) filter (where is_direct and via_group) ||
  case
    when count(*) filter (where is_direct is null or via_group is null) > 0 then ', and ' || count(*) filter (where is_direct is null or via_group is null) || ' not shown'
    else ''
  end as value,
  case
    when count(*) filter (where is_direct and via_group) > 0 then 'alert'
    when count(*) filter (where is_direct is null or via_group is null) > 0 then 'info'
    else 'ok'
  end as type
from
  access
where
  is_workspace_owner is not true
  and is_direct is not false
  and via_group is not false
