with {{template "deploy_keys"}}
select
  resource,
  case
    when added_on < {{days_ago "old_key_days"}} then 'alarm'
    else 'ok'
  end as status,
  name || ' was added ' || {{days_since "added_on"}} || ' days ago.' as reason,
  workspace_slug as workspace,
  project_key as project,
  repository_full_name as repository
from
  keys
