with held as materialized (
  select
    permission
  from
    bitbucket_my_repository
  where
    workspace_slug = {{text "workspace_slug"}}
)
select
  'Repositories checked' as label,
  count(*) filter (where permission = 'admin') || ' of ' || count(*) as value,
  case when count(*) filter (where permission = 'admin') = count(*) then 'ok' else 'info' end as type
from
  held
