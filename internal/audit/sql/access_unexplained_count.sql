with {{template "access_of_workspace"}}
select
  'Grants not explained' as label,
  case
    when count(*) = 0 then 'not shown'
    else cast(count(*) filter (where not is_explained) as text) ||
      case
        when count(*) > count(is_explained) then ', and ' || (count(*) - count(is_explained)) || ' not shown'
        else ''
      end
  end as value,
  case
    when count(*) filter (where not is_explained) > 0 then 'alert'
    when count(*) = count(is_explained) and count(*) > 0 then 'ok'
    else 'info'
  end as type
from
  access
