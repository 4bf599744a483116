with {{template "pipelines"}}
select
  {{month "created_on"}} as "Month",
  round(coalesce(sum(build_seconds_used), 0) / 60.0) as "Minutes used"
from
  pipelines
group by
  {{month "created_on"}}
order by
  {{month "created_on"}}
