with {{template "merged"}}
select
  'Merged pull requests' as label,
  count(*) as value
from
  merged
