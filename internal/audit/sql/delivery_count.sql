with {{template "deployments"}}
select
  'Deployments' as label,
  count(*) filter (where state_status_name = 'SUCCESSFUL') as value
from
  production
