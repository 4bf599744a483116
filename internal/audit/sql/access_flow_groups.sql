with {{template "granted"}}
select distinct
  'group:' || group_slug as id,
  group_name as title,
  0 as depth
from
  granted
