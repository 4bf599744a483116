with {{template "open_in_repository"}}
select
  'Open pull requests' as label,
  count(*) as value
from
  open
