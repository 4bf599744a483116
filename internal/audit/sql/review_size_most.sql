with {{template "merged"}},
{{template "sizes"}},
{{ranked "lines" "sizes" ""}}
select
  'Lines changed, 9 of 10' as label,
  coalesce(cast({{percentile "0.9" "lines"}} as text), 'no data') as value
from
  ranked
