with mine as materialized (
  select
    full_name,
    permission
  from
    bitbucket_my_repository
)
select
  r.full_name as label,
  r.full_name as value,
  {{object "'access'" "coalesce(m.permission, 'public')"}} as tags
from
  bitbucket_repository as r
  left join mine as m on m.full_name = r.full_name
order by
  case when m.permission = 'admin' then 0 else 1 end, r.full_name
