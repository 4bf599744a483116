with {{template "repositories"}}
select
  'Gigabytes' as label,
  round(coalesce(sum(size), 0) / 1000000000.0, 1) as value
from
  repositories
