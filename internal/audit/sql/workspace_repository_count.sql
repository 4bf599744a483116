with {{template "repositories"}}
select
  'Repositories' as label,
  count(*) as value
from
  repositories
