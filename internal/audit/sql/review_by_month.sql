with {{template "merged"}}
select
  {{month "updated_on"}} as "Month",
  count(*) filter (where approval_count > 0) as "Approved",
  count(*) filter (where approval_count = 0) as "Without approval"
from
  merged
group by
  {{month "updated_on"}}
order by
  {{month "updated_on"}}
