with {{template "members_of_workspace"}}
select
  case
    when last_accessed is null then 'not shown'
    when {{days_since "last_accessed"}} < 30 then 'less than 30'
    when {{days_since "last_accessed"}} < 90 then '30 to 90'
    when {{days_since "last_accessed"}} < 365 then '90 to 365'
    else 'more than a year'
  end as "Days since the last use",
  count(*) as "Members"
from
  members
group by
  1
order by
  max(last_accessed) is null, max(last_accessed) desc
