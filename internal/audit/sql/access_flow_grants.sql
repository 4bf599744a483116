with {{template "granted"}}
select
  'group:' || group_slug as from_id,
  'project:' || project_key as to_id,
  group_name || ' has ' || case when count(distinct permission) = 1 then max(permission) else 'several permissions' end as title
from
  granted
group by
  group_slug, group_name, project_key
