with {{template "members_of_workspace"}}
select
  case
    when last_accessed is null then 'not shown'
    when {{days_since "last_accessed"}} < 30 then 'under 30'
    when {{days_since "last_accessed"}} < 90 then '30–89'
    when {{days_since "last_accessed"}} < 365 then '90–364'
    else '365+'
  end as "Days since the last use",
  count(*) as "Members"
from
  members
group by
  1
order by
  max(last_accessed) is null, max(last_accessed) desc
