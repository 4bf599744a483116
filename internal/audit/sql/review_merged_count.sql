with {{template "merged"}}
select
  'Merged' as label,
  count(*) as value
from
  merged
