with {{template "repositories"}}
select
  case when is_private then 'private' else 'public' end as "Visibility",
  count(*) as "Repositories"
from
  repositories
group by
  case when is_private then 'private' else 'public' end
order by
  case when is_private then 'private' else 'public' end
