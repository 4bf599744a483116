with {{template "repositories"}}
select
  substr({{month "created_on"}}, 1, 4) as "Created",
  count(*) as "Repositories"
from
  repositories
group by
  substr({{month "created_on"}}, 1, 4)
order by
  substr({{month "created_on"}}, 1, 4)
