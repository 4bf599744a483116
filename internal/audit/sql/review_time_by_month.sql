with {{template "merged"}},
{{template "merge_times"}},
{{ranked "days" "merge_times" "month"}},
{{months "updated_on" "merged"}}
select
  c.month as "Month",
  round(cast({{percentile "0.5" "days"}} as numeric), 1) as "Median",
  round(cast({{percentile "0.9" "days"}} as numeric), 1) as "9 of 10"
from
  months as c
  left join ranked as r on r.month = c.month
where
  c.month is not null
group by
  c.month
order by
  c.month
