with {{template "deployments"}}
select
  {{month "completed_on"}} as "Month",
  lower(state_status_name) as "Result",
  count(*) as "Deployments"
from
  production
group by
  {{month "completed_on"}}, lower(state_status_name)
order by
  {{month "completed_on"}}, lower(state_status_name)
