with {{template "merged"}}
select
  {{month "updated_on"}} as "Month",
  round(cast(avg({{days_between "created_on" "updated_on"}}) as numeric), 1) as "Days"
from
  merged
group by
  {{month "updated_on"}}
order by
  {{month "updated_on"}}
