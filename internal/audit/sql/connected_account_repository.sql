select
  full_name as resource,
  case
    when not {{matches "full_name" "needed_repositories"}} then 'alarm'
    when {{text "needed_permission"}} = '' then 'skip'
    when permission <> {{text "needed_permission"}} then 'alarm'
    else 'ok'
  end as status,
  'The connected account was granted ' || permission || ' on ' || full_name ||
  case
    when not {{matches "full_name" "needed_repositories"}} then ', which it does not need.'
    when {{text "needed_permission"}} = '' then '. Set needed_permission to judge this.'
    when permission <> {{text "needed_permission"}} then ', but needs ' || {{text "needed_permission"}} || '.'
    else ', as needed.'
  end as reason,
  workspace_slug as workspace,
  full_name as repository
from
  bitbucket_my_repository
