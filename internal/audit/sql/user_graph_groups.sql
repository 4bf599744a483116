with {{template "access_of_user"}}
select distinct
  'group:' || workspace_slug || ':' || (p.value ->> 'group_slug') as id,
  {{named "p.value ->> 'group_name'" "workspace_slug || '/' || (p.value ->> 'group_slug')"}} as title,
  'https://bitbucket.org/' || workspace_slug || '/workspace/settings/groups' as link
from
  access
  cross join {{each "paths"}} as p
where
  p.value ->> 'holder' = 'group'
