with {{template "members_of_workspace"}}
select
  permission as "Role",
  count(*) as "Members"
from
  members
group by
  permission
order by
  count(*) desc, permission
