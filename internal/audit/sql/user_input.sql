with people as (
  select user_uuid, user_display_name as name, user_nickname as nickname from bitbucket_repository_permission
  union
  select user_uuid, display_name, nickname from bitbucket_workspace_member
)
select
  {{named "max(name)" "user_uuid"}} as label,
  user_uuid as value,
  case when max(nickname) <> max(name) then {{object "'nickname'" "max(nickname)"}} end as tags
from
  people
group by
  user_uuid
order by
  1, 2
