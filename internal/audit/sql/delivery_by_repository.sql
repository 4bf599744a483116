with {{template "deployments"}}
select
  repository_full_name as "Repository",
  count(*) filter (where state_status_name = 'SUCCESSFUL') as "Successful",
  count(*) filter (where state_status_name = 'FAILED') as "Failed",
  round(100.0 * count(*) filter (where state_status_name = 'FAILED') / count(*)) as "Percent failed",
  {{date "max(completed_on)"}} as "Last"
from
  production
group by
  repository_full_name
order by
  count(*) desc, repository_full_name
