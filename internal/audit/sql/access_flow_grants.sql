with {{template "granted"}}
select
  'group:' || group_slug as from_id,
  'project:' || project_key as to_id,
  group_name || ' has ' || permission as title
from
  granted
where
  permission = {{text "permission"}}
