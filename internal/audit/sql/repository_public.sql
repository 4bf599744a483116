select
  full_name as resource,
  case
    when is_private then 'ok'
    when {{matches "full_name" "public_repositories"}} then 'ok'
    else 'alarm'
  end as status,
  case
    when is_private then full_name || ' is private.'
    when {{matches "full_name" "public_repositories"}} then full_name || ' is public, as intended.'
    else 'Everybody can read ' || full_name || '.'
  end as reason,
  workspace_slug as workspace,
  full_name as repository
from
  bitbucket_repository
