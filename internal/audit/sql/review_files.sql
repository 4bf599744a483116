with {{template "merged"}},
{{template "sizes"}},
{{ranked "files" "sizes" ""}}
select
  'Files changed, median' as label,
  coalesce(cast({{percentile "0.5" "files"}} as text), 'no data') as value
from
  ranked
