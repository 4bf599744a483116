with {{template "deployments"}},
ranked as (
  select
    hours,
    row_number() over (order by hours) as position,
    count(*) over () as total
  from
    (select 24 * ({{days_between "completed_on" "restored_on"}}) as hours from restored where restored_on is not null) as times
)
select
  'Hours to restore, 9 of 10' as label,
  coalesce(cast(cast(round(min(hours) filter (where position >= 0.9 * total)) as integer) as text), 'none') as value
from
  ranked
