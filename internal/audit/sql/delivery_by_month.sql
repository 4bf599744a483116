with {{template "deployments"}},
{{months "completed_on" "production"}}
select
  c.month as "Month",
  count(*) filter (where p.state_status_name = 'SUCCESSFUL') as "Successful",
  count(*) filter (where p.state_status_name = 'FAILED') as "Failed",
  count(*) filter (where p.state_status_name not in ('SUCCESSFUL', 'FAILED')) as "Stopped"
from
  months as c
  left join production as p on {{month "p.completed_on"}} = c.month
where
  c.month is not null
group by
  c.month
order by
  c.month
