with {{template "members_of_workspace"}},
{{template "permissions_in_workspace"}},
seen as (
  select
    count(*) as repositories,
    count(*) filter (where permission = 'admin') as administered
  from
    held
)
select
  'Members without access' as label,
  case
    when s.administered = 0 then 'not shown'
    when s.administered < s.repositories then 'at most ' || count(m.user_uuid)
    else cast(count(m.user_uuid) as text)
  end as value,
  case
    when s.administered = 0 or s.administered < s.repositories then 'info'
    when count(m.user_uuid) > 0 then 'alert'
    else 'ok'
  end as type
from
  seen as s
  left join members as m on m.user_uuid not in (select user_uuid from permissions)
group by
  s.administered, s.repositories
