with {{template "merged"}},
{{template "sizes"}},
{{ranked "days" "sizes" "class"}}
select
  class as "Lines changed",
  round(cast({{percentile "0.5" "days"}} as numeric), 1) as "Median",
  round(cast({{percentile "0.9" "days"}} as numeric), 1) as "9 of 10"
from
  ranked
group by
  class
order by
  min(lines)
