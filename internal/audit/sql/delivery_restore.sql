with {{template "deployments"}},
{{ranked "hours" "outages" ""}}
select
  'Hours to restore, median' as label,
  coalesce(cast(cast(round({{percentile "0.5" "hours"}}) as integer) as text), 'no data') as value
from
  ranked
