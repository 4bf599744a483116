with {{template "granted"}},
groups_of_grants as (
  select distinct
    group_slug,
    group_name
  from
    granted
)
select
  'group:' || group_slug as id,
  {{named "group_name" "group_slug"}} as title,
  0 as depth,
  'https://bitbucket.org/' || {{text "workspace_slug"}} || '/workspace/settings/groups' as link
from
  groups_of_grants
