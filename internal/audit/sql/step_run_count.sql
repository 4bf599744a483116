with {{template "steps"}}
select
  'Steps run' as label,
  count(*) as value
from
  steps
