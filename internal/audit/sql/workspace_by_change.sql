with {{template "repositories"}}
select
  case
    when {{days_since "updated_on"}} < 30 then 'less than 30'
    when {{days_since "updated_on"}} < 90 then '30 to 90'
    when {{days_since "updated_on"}} < 365 then '90 to 365'
    else 'more than a year'
  end as "Days since the last change",
  count(*) as "Repositories"
from
  repositories
group by
  1
order by
  max(updated_on) desc
