with {{template "webhooks"}}
select
  coalesce(repository_full_name, workspace_slug) || ' webhook ' || uuid as resource,
  case
    when not active then 'skip'
    when secret_set is null then 'info'
    when secret_set then 'ok'
    else 'alarm'
  end as status,
  name ||
  case
    when not active then ' is not active.'
    when secret_set is null then ': Bitbucket does not show whether it has a secret.'
    when secret_set then ' has a secret.'
    else ' has no secret: the receiver cannot distinguish it from a forgery.'
  end as reason,
  workspace_slug as workspace,
  repository_full_name as repository
from
  webhooks
