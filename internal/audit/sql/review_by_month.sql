with {{template "merged"}},
{{months "updated_on" "merged"}}
select
  c.month as "Month",
  count(*) filter (where m.approval_count > 0) as "Approved",
  count(*) filter (where m.approval_count = 0) as "Without approval"
from
  months as c
  left join merged as m on {{month "m.updated_on"}} = c.month
where
  c.month is not null
group by
  c.month
order by
  c.month
