with {{template "access_of_workspace"}},
judged as (
  select
    case
      when is_workspace_owner or not is_direct or not via_group then false
      when is_direct and via_group then true
    end as is_doubled
  from
    access
)
select
  'Direct beside a group' as label,
  case
    when count(*) = 0 then 'not shown'
    else cast(count(*) filter (where is_doubled) as text) ||
      case
        when count(*) > count(is_doubled) then ', and ' || (count(*) - count(is_doubled)) || ' not shown'
        else ''
      end
  end as value,
  case
    when count(*) filter (where is_doubled) > 0 then 'alert'
    when count(*) = count(is_doubled) and count(*) > 0 then 'ok'
    else 'info'
  end as type
from
  judged
