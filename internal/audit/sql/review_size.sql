with {{template "merged"}},
{{template "sizes"}},
{{ranked "lines" "sizes" ""}}
select
  'Lines changed, median' as label,
  coalesce(cast({{percentile "0.5" "lines"}} as text), 'no data') as value
from
  ranked
