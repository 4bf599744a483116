with {{template "pipelines"}},
ranked as (
  select
    *,
    row_number() over (partition by repository_full_name order by duration_in_seconds is null, duration_in_seconds) as position,
    count(duration_in_seconds) over (partition by repository_full_name) as total
  from
    pipelines
)
select
  repository_full_name as "Repository",
  count(*) as "Runs",
  count(*) filter (where result_name in ('FAILED', 'ERROR')) as "Failed",
  round(count(*) filter (where result_name in ('FAILED', 'ERROR')) * 100.0 / count(*)) as "Percent failed",
  round(min(duration_in_seconds) filter (where position >= 0.5 * total) / 60.0, 2) as "Minutes a run, median",
  round(coalesce(sum(build_seconds_used), 0) / 60.0, 2) as "Minutes used"
from
  ranked
group by
  repository_full_name
order by
  count(*) desc, repository_full_name
