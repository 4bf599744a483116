with {{template "deployments"}}
select
  'Percent failed' as label,
  case when count(*) > 0 then cast(cast(round(100.0 * count(*) filter (where state_status_name = 'FAILED') / count(*)) as integer) as text) else 'no data' end as value,
  case
    when count(*) = 0 then 'info'
    when count(*) filter (where state_status_name = 'FAILED') * 100 > 15 * count(*) then 'alert'
    else 'ok'
  end as type
from
  production
