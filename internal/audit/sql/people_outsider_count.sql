with {{template "members_of_workspace"}},
{{template "permissions_in_workspace"}}
select
  'Outsiders with access' as label,
  count(distinct user_uuid) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  permissions
where
  user_uuid not in (select user_uuid from members)
