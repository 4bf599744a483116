with {{template "pipelines"}}
select
  repository_full_name as "Repository",
  count(*) as "Runs",
  count(*) filter (where result_name in ('FAILED', 'ERROR')) as "Failed",
  round(count(*) filter (where result_name in ('FAILED', 'ERROR')) * 100.0 / count(*)) as "Percent failed",
  round(cast(round(cast(avg(duration_in_seconds) / 6.0 as numeric)) / 10.0 as numeric), 1) as "Minutes a run",
  round(coalesce(sum(build_seconds_used), 0) / 60.0, 2) as "Minutes used"
from
  pipelines
group by
  repository_full_name
order by
  count(*) desc, repository_full_name
