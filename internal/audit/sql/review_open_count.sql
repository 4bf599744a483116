with {{template "open"}}
select
  'Open pull requests' as label,
  count(*) as value
from
  open
