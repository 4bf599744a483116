with mine as materialized (
  select
    permission
  from
    bitbucket_my_repository
  where
    {{text "place"}} <> ''
    and workspace_slug = {{workspace_of "place"}}
  union all
  select
    permission
  from
    bitbucket_my_repository
  where
    {{text "place"}} = ''
),
quota as materialized (
  select
    min(remaining) as remaining
  from
    bitbucket_rate_limit
),
refused as materialized (
  select
    count(*) as number
  from
    bitbucket_omission
  where
    reason in ('refused', 'failed')
    and {{workspace_of "place"}} in ('', workspace_slug)
)
select
  'Seen' || coalesce(', ' || min(q.remaining) || ' requests left', '') as label,
  count(case when m.permission = 'admin' or {{text "permission"}} = 'read' then 1 end) || ' of ' || count(m.permission) || ' repositories' as value,
  case
    when min(f.number) > 0 or min(q.remaining) < 200 then 'alert'
    when count(case when m.permission = 'admin' or {{text "permission"}} = 'read' then 1 end) < count(m.permission) then 'info'
    else 'ok'
  end as type
from
  quota as q
  cross join refused as f
  left join mine as m on true
