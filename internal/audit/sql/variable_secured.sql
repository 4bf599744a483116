with variables as (
  select
    workspace_slug || ' variable ' || key as resource,
    'Variable ' || key || ' of ' || workspace_slug as name,
    key,
    secured,
    workspace_slug,
    cast(null as text) as repository_full_name
  from
    bitbucket_workspace_variable
  union all
  select
    repository_full_name || ' variable ' || key,
    'Variable ' || key || ' of ' || repository_full_name,
    key,
    secured,
    workspace_slug,
    repository_full_name
  from
    bitbucket_repository_variable
  union all
  select
    repository_full_name || ' environment ' || environment_uuid || ' variable ' || key,
    'Variable ' || key || ' of environment ' || environment_name || ' of ' || repository_full_name,
    key,
    secured,
    workspace_slug,
    repository_full_name
  from
    bitbucket_deployment_variable
)
select
  resource,
  case
    when secured then 'ok'
    when {{matches "upper(key)" "secret_names"}} then 'alarm'
    else 'ok'
  end as status,
  name ||
  case
    when secured then ' is secured.'
    when {{matches "upper(key)" "secret_names"}} then ' is not secured, although its name looks like that of a secret.'
    else ' is not secured, and its name does not look like that of a secret.'
  end as reason,
  workspace_slug as workspace,
  repository_full_name as repository
from
  variables
