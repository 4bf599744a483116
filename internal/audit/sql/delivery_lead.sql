with {{template "deployments"}},
{{template "merged"}},
{{template "leads"}},
{{ranked "days" "leads" ""}}
select
  'Days to production, median' as label,
  coalesce(cast(cast(round({{percentile "0.5" "days"}}) as integer) as text), 'no data') as value
from
  ranked
