select
  slug as resource,
  case
    when is_privacy_enforced then 'ok'
    else 'alarm'
  end as status,
  case
    when is_privacy_enforced then 'Repositories of ' || slug || ' can not be made public.'
    else 'Whoever administers a repository of ' || slug || ' can make it public.'
  end as reason,
  slug as workspace
from
  bitbucket_workspace
