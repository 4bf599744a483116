with {{template "merged"}},
{{template "merge_times"}},
{{ranked "days" "merge_times" ""}}
select
  'Days to merge, 9 of 10' as label,
  round(cast({{percentile "0.9" "days"}} as numeric), 1) as value
from
  ranked
