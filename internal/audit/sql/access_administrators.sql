with {{template "access_of_workspace"}}
select
  user_display_name as "User",
  count(*) as "Repositories",
  count(*) filter (where is_workspace_owner) as "As owner",
  case when count(is_direct) = count(*) then cast(count(*) filter (where is_direct) as text) else 'not shown' end as "Direct",
  case when count(via_group) = count(*) then cast(count(*) filter (where via_group) as text) else 'not shown' end as "By a group",
  user_uuid
from
  access
where
  permission = 'admin'
group by
  user_uuid, user_display_name
order by
  count(*) desc, user_display_name, user_uuid
