with {{template "merged"}},
{{template "merge_times"}},
{{ranked "days" "merge_times" ""}}
select
  'Days to merge, median' as label,
  round(cast({{percentile "0.5" "days"}} as numeric), 1) as value
from
  ranked
