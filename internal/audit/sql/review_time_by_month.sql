with {{template "merged"}},
{{template "merge_times"}},
{{ranked "days" "merge_times" "month"}}
select
  month as "Month",
  round(cast({{percentile "0.5" "days"}} as numeric), 1) as "Median",
  round(cast({{percentile "0.9" "days"}} as numeric), 1) as "9 of 10"
from
  ranked
group by
  month
order by
  month
