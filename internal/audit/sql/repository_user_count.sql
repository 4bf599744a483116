with {{template "access_of_repository"}}
select
  'Users with access' as label,
  case when {{template "administered"}} then cast(count(*) as text) else 'not shown' end as value,
  case when {{template "administered"}} then 'ok' else 'info' end as type,
  (select max(workspace_slug) from bitbucket_my_repository where full_name = {{text "repository_full_name"}}) as workspace_slug
from
  access
