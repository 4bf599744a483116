with {{template "repositories"}}
select
  'Gigabytes' as label,
  {{text "workspace_slug"}} as workspace_slug,
  round(coalesce(sum(size), 0) / 1000000000.0, 1) as value
from
  repositories
