select
  slug as resource,
  case
    when not is_administrator then 'ok'
    when {{listed "slug" "administered_workspaces"}} then 'ok'
    else 'alarm'
  end as status,
  case
    when not is_administrator then 'The connected account does not administer ' || slug || '.'
    when {{listed "slug" "administered_workspaces"}} then 'The connected account administers ' || slug || ', as intended.'
    else 'The connected account administers ' || slug || ', and therefore all its repositories.'
  end as reason,
  slug as workspace
from
  bitbucket_my_workspace
