with {{template "access_of_workspace"}}
select
  'Outsiders' as label,
  case
    when count(*) = 0 then 'not shown'
    else cast(count(distinct user_uuid) filter (where not is_member) as text) ||
      case
        when count(*) filter (where is_member is null) > 0 then ', and ' || count(distinct user_uuid) filter (where is_member is null) || ' not shown'
        else ''
      end
  end as value,
  case
    when count(*) filter (where not is_member) > 0 then 'alert'
    when count(*) = count(is_member) and count(*) > 0 then 'ok'
    else 'info'
  end as type
from
  access
