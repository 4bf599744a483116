with {{template "deployments"}}
select
  'Successful deployments' as label,
  count(*) filter (where state_status_name = 'SUCCESSFUL') as value
from
  production
