with {{template "deployments"}},
{{template "merged"}},
{{template "leads"}},
{{ranked "days" "leads" "repository_full_name"}},
medians as (
  select
    repository_full_name,
    {{percentile "0.5" "days"}} as days
  from
    ranked
  group by
    repository_full_name
)
select
  p.repository_full_name as "Repository",
  count(*) filter (where p.state_status_name = 'SUCCESSFUL') as "Successful deployments",
  round(count(*) filter (where p.state_status_name = 'SUCCESSFUL') * 7.0 / {{number "since"}}, 1) as "Deployments a week",
  count(*) filter (where p.state_status_name = 'FAILED') as "Failed",
  round(100.0 * count(*) filter (where p.state_status_name = 'FAILED') / count(*)) as "Percent failed",
  coalesce(cast(round(cast(m.days as numeric), 1) as text), 'no data') as "Days to production, median",
  {{date "max(p.completed_on)"}} as "Last"
from
  production as p
  left join medians as m on m.repository_full_name = p.repository_full_name
group by
  p.repository_full_name, m.days
order by
  count(*) desc, p.repository_full_name
