with {{template "steps"}}
select
  name as "Step",
  count(*) as "Runs",
  count(*) filter (where result_name in ('FAILED', 'ERROR')) as "Failed",
  round(count(*) filter (where result_name in ('FAILED', 'ERROR')) * 100.0 / count(*)) as "Percent failed",
  round({{percentile "0.5" "duration_in_seconds"}} / 60.0, 2) as "Minutes, median",
  round(coalesce(sum(build_seconds_used), 0) / 60.0, 2) as "Minutes used",
  max(build_number) as "Last run",
  'https://bitbucket.org/' || {{text "repository_full_name"}} || '/pipelines/results/' || max(build_number) as html_url
from
  ranked
group by
  name
order by
  5 desc nulls last, name
