with {{template "pipelines"}},
{{months "created_on" "pipelines"}}
select
  c.month as "Month",
  count(*) filter (where p.result_name = 'SUCCESSFUL') as "Successful",
  count(*) filter (where p.result_name in ('FAILED', 'ERROR')) as "Failed",
  count(*) filter (where p.result_name in ('STOPPED', 'EXPIRED')) as "Stopped or expired",
  count(*) filter (where p.state_name is not null and p.result_name is null) as "Not completed"
from
  months as c
  left join pipelines as p on {{month "p.created_on"}} = c.month
where
  c.month is not null
group by
  c.month
order by
  c.month
