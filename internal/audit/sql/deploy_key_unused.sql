with {{template "deploy_keys"}}
select
  resource,
  case
    when coalesce(last_used, added_on) < {{days_ago "unused_key_days"}} then 'alarm'
    else 'ok'
  end as status,
  case
    when last_used is null then name || ' was added ' || {{days_since "added_on"}} || ' days ago, and was never used.'
    else name || ' was last used ' || {{days_since "last_used"}} || ' days ago.'
  end as reason,
  workspace_slug as workspace,
  project_key as project,
  repository_full_name as repository
from
  keys
