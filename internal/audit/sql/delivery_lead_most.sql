with {{template "deployments"}},
{{template "merged"}},
{{template "leads"}},
{{ranked "days" "leads" ""}}
select
  'Days to production, 9 of 10' as label,
  coalesce(cast(cast(round({{percentile "0.9" "days"}}) as integer) as text), 'no data') as value
from
  ranked
