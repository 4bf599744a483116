with {{template "open"}}
select
  {{named "p.value -> 'user' ->> 'display_name'" "p.value -> 'user' ->> 'uuid'"}} as "Reviewer",
  count(*) as "Open",
  count(*) filter (where cast(p.value ->> 'approved' as text) in ('true', '1')) as "Approved",
  p.value -> 'user' ->> 'uuid' as user_uuid
from
  open
  cross join {{each "participants"}} as p
where
  p.value ->> 'role' = 'REVIEWER'
group by
  p.value -> 'user' ->> 'uuid', p.value -> 'user' ->> 'display_name'
order by
  count(*) desc, p.value -> 'user' ->> 'display_name', p.value -> 'user' ->> 'uuid'
