with {{template "webhooks"}}
select
  coalesce(repository_full_name, workspace_slug) || ' webhook ' || uuid as resource,
  case
    when not active then 'skip'
    when url not like 'https:%' then 'alarm'
    when skip_cert_verification then 'alarm'
    else 'ok'
  end as status,
  name ||
  case
    when not active then ' is not active.'
    when url not like 'https:%' then ' is sent without encryption.'
    when skip_cert_verification then ' is sent without a check of the certificate.'
    else ' is sent after a check of the certificate.'
  end as reason,
  workspace_slug as workspace,
  repository_full_name as repository
from
  webhooks
