select
  workspace_slug || ':' || slug as resource,
  case
    when permission in ('write', 'admin') then 'alarm'
    else 'ok'
  end as status,
  name || case when permission is null then ' gets no permission' else ' gets ' || permission end || ' on each new repository of ' || workspace_slug || '.' as reason,
  workspace_slug as workspace,
  slug as group_slug
from
  bitbucket_group
