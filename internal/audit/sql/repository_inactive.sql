select
  full_name as resource,
  case
    when updated_on < {{days_ago "inactive_repository_days"}} then 'alarm'
    else 'ok'
  end as status,
  full_name || ' last changed ' || {{days_since "updated_on"}} || ' days ago.' as reason,
  workspace_slug as workspace,
  full_name as repository
from
  bitbucket_repository
