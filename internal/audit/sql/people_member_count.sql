with {{template "members_of_workspace"}}
select
  'Members' as label,
  count(*) as value
from
  members
