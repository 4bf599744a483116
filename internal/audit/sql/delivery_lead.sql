with {{template "deployments"}},
{{template "merged"}},
{{template "leads"}},
ranked as (
  select
    days,
    row_number() over (order by days) as position,
    count(*) over () as total
  from
    leads
)
select
  'Days to production, median' as label,
  coalesce(cast(cast(round(min(days) filter (where position >= 0.5 * total)) as integer) as text), 'none') as value
from
  ranked
