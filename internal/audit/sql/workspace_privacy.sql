select
  slug as resource,
  case
    when is_privacy_enforced then 'ok'
    else 'alarm'
  end as status,
  case
    when is_privacy_enforced then 'Repositories of ' || slug || ' cannot be made public.'
    else 'Every administrator of a repository of ' || slug || ' can make it public.'
  end as reason,
  slug as workspace
from
  bitbucket_workspace
