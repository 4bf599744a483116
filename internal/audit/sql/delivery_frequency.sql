with {{template "deployments"}}
select
  'Deployments a week' as label,
  round(count(*) filter (where state_status_name = 'SUCCESSFUL') * 7.0 / {{number "since"}}, 1) as value
from
  production
