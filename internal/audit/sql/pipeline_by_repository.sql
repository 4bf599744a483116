with {{template "pipelines"}},
{{ranked "duration_in_seconds" "pipelines" "repository_full_name"}}
select
  repository_full_name as "Repository",
  count(*) as "Runs",
  count(*) filter (where result_name in ('FAILED', 'ERROR')) as "Failed",
  round(count(*) filter (where result_name in ('FAILED', 'ERROR')) * 100.0 / count(*)) as "Percent failed",
  round({{percentile "0.5" "duration_in_seconds"}} / 60.0, 2) as "Minutes a run, median",
  round(coalesce(sum(build_seconds_used), 0) / 60.0, 2) as "Minutes used"
from
  ranked
group by
  repository_full_name
order by
  count(*) desc, repository_full_name
