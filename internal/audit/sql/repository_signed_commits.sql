select
  full_name as resource,
  case
    when enforced_signed_commits is null then 'info'
    when lower(enforced_signed_commits) in ('false', 'disabled', 'none') then 'alarm'
    else 'ok'
  end as status,
  case
    when enforced_signed_commits is null then 'Bitbucket does not report whether ' || full_name || ' accepts commits without a signature.'
    when lower(enforced_signed_commits) in ('false', 'disabled', 'none') then full_name || ' accepts commits without a signature.'
    else full_name || ' only accepts signed commits.'
  end as reason,
  workspace_slug as workspace,
  full_name as repository
from
  bitbucket_repository
