with {{template "open"}},
{{template "merged"}},
{{template "first_reviews"}},
{{ranked "hours" "first_reviews" ""}}
select
  'Hours to review, median' as label,
  coalesce(cast(cast(round({{percentile "0.5" "hours"}}) as integer) as text), 'no data') as value
from
  ranked
