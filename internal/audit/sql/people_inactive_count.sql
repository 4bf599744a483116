with {{template "members_of_workspace"}}
select
  'Inactive members' as label,
  count(*) filter (where last_accessed < {{days_ago "inactive_member_days"}}) ||
  case
    when count(*) filter (where last_accessed is null) > 0 then ' of ' || count(last_accessed) || ' shown'
    else ''
  end as value,
  case
    when count(*) filter (where last_accessed < {{days_ago "inactive_member_days"}}) > 0 then 'alert'
    when count(*) filter (where last_accessed is null) > 0 then 'info'
    else 'ok'
  end as type
from
  members
