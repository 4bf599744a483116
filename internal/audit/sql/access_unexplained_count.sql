with {{template "access_of_workspace"}}
select
  'Not explained' as label,
  count(*) filter (where not is_explained) ||
  case
    when count(*) filter (where is_explained is null) > 0 then ', and ' || count(*) filter (where is_explained is null) || ' not shown'
    else ''
  end as value,
  case
    when count(*) filter (where not is_explained) > 0 then 'alert'
    when count(*) filter (where is_explained is null) > 0 then 'info'
    else 'ok'
  end as type
from
  access
where
  is_explained is not true
