select
  full_name as resource,
  case
    when not is_private then 'skip'
    when fork_policy = 'allow_forks' then 'alarm'
    else 'ok'
  end as status,
  case
    when not is_private then full_name || ' is public.'
    when fork_policy = 'allow_forks' then 'Private ' || full_name || ' can have public forks.'
    when fork_policy = 'no_public_forks' then 'Private ' || full_name || ' can only have private forks.'
    else 'Private ' || full_name || ' can have no forks.'
  end as reason,
  workspace_slug as workspace,
  full_name as repository
from
  bitbucket_repository
