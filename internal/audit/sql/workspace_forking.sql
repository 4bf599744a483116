select
  slug as resource,
  case
    when forking_mode = 'allow_forks' then 'alarm'
    else 'ok'
  end as status,
  case
    when forking_mode = 'allow_forks' then 'Private repositories of ' || slug || ' can be forked to other workspaces.'
    else 'The forking mode of ' || slug || ' is ' || forking_mode || '.'
  end as reason,
  slug as workspace
from
  bitbucket_workspace
