select
  user_display_name as "Reviewer",
  count(*) as "Open",
  count(*) filter (where approved) as "Approved",
  user_uuid
from
  bitbucket_pull_request_participant
where
  workspace_slug = {{text "workspace_slug"}}
  and pull_request_state = 'OPEN'
  and role = 'REVIEWER'
group by
  user_uuid, user_display_name
order by
  count(*) desc, user_display_name, user_uuid
