with {{template "merged"}},
{{template "sizes"}},
{{ranked "files" "sizes" ""}}
select
  'Files changed, 9 of 10' as label,
  coalesce(cast({{percentile "0.9" "files"}} as text), 'no data') as value
from
  ranked
