with {{template "members_of_workspace"}},
{{template "permissions_in_workspace"}}
select
  'Members without access' as label,
  cast(count(*) as text) || case
    when (select count(*) from held where permission = 'admin') < (select count(*) from held) then ', or to one that was not checked'
    else ''
  end as value,
  case
    when (select count(*) from held where permission = 'admin') < (select count(*) from held) then 'info'
    when count(*) > 0 then 'alert'
    else 'ok'
  end as type
from
  members
where
  user_uuid not in (select user_uuid from permissions)
