with mine as materialized (
  select
    slug,
    is_administrator
  from
    bitbucket_my_workspace
)
select
  slug as label,
  slug as value,
  case when is_administrator then 0 else 1 end as position
from
  mine
union all
select
  'none: the connected account is a member of no workspace',
  '-',
  2
where
  not exists (select 1 from mine)
order by
  3, 1
