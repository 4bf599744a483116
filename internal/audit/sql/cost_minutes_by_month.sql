with {{template "pipelines"}},
{{months "created_on" "pipelines"}}
select
  c.month as "Month",
  round(coalesce(sum(p.build_seconds_used), 0) / 60.0) as "Minutes used"
from
  months as c
  left join pipelines as p on {{month "p.created_on"}} = c.month
where
  c.month is not null
group by
  c.month
order by
  c.month
