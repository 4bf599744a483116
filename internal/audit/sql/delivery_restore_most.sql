with {{template "deployments"}},
{{ranked "hours" "outages" ""}}
select
  'Hours to restore, 9 of 10' as label,
  coalesce(cast(cast(round({{percentile "0.9" "hours"}}) as integer) as text), 'no data') as value
from
  ranked
