with {{template "members_of_workspace"}},
{{template "permissions_in_workspace"}}
select
  'Outsiders with access' as label,
  case
    when count(*) = 0 then 'not shown'
    else cast(count(distinct user_uuid) filter (where user_uuid not in (select user_uuid from members)) as text)
  end as value,
  case
    when count(*) = 0 then 'info'
    when count(*) filter (where user_uuid not in (select user_uuid from members)) > 0 then 'alert'
    else 'ok'
  end as type
from
  permissions
