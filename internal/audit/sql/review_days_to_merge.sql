with {{template "merged"}}
select
  'Days to merge' as label,
  round(cast(avg({{days_between "created_on" "updated_on"}}) as numeric), 1) as value
from
  merged
