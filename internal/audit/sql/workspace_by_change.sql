with {{template "repositories"}}
select
  case
    when {{days_since "updated_on"}} < 30 then 'under 30'
    when {{days_since "updated_on"}} < 90 then '30–89'
    when {{days_since "updated_on"}} < 365 then '90–364'
    else '365+'
  end as "Days since the last change",
  count(*) as "Repositories"
from
  repositories
group by
  1
order by
  max(updated_on) desc
