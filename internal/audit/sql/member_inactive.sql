select
  workspace_slug || ' ' || user_uuid as resource,
  case
    when last_accessed is null then 'info'
    when last_accessed < {{days_ago "inactive_member_days"}} then 'alarm'
    else 'ok'
  end as status,
  case
    when last_accessed is null then 'Bitbucket does not tell when ' || display_name || ' last used ' || workspace_slug || '.'
    else display_name || ' last used ' || workspace_slug || ' ' || {{days_since "last_accessed"}} || ' days ago.'
  end as reason,
  workspace_slug as workspace,
  display_name as user_name
from
  bitbucket_workspace_member
order by
  workspace_slug, display_name
