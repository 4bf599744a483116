with {{template "access_of_workspace"}}
select
  'Not members' as label,
  count(distinct user_uuid) filter (where not is_member) ||
  case
    when count(distinct user_uuid) filter (where is_member is null) > 0 then ', and ' || count(distinct user_uuid) filter (where is_member is null) || ' not shown'
    else ''
  end as value,
  case
    when count(*) filter (where not is_member) > 0 then 'alert'
    when count(*) filter (where is_member is null) > 0 then 'info'
    else 'ok'
  end as type
from
  access
where
  is_member is not true
