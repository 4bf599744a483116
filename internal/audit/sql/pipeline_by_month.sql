with {{template "pipelines"}}
select
  {{month "created_on"}} as "Month",
  lower(coalesce(result_name, state_name)) as "Result",
  count(*) as "Runs"
from
  pipelines
group by
  {{month "created_on"}}, lower(coalesce(result_name, state_name))
order by
  {{month "created_on"}}, lower(coalesce(result_name, state_name))
