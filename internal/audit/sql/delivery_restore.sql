with {{template "deployments"}},
{{ranked "hours" "outages" ""}}
select
  'Hours to restore, median' as label,
  coalesce(cast(cast(round({{percentile "0.5" "hours"}}) as integer) as text), 'none') as value
from
  ranked
