select
  repository_full_name as "Repository",
  count(*) as "Runs",
  count(*) filter (where result_name in ('FAILED', 'ERROR')) as "Failed",
  round(count(*) filter (where result_name in ('FAILED', 'ERROR')) * 100.0 / count(*)) as "Percent failed",
  floor(avg(duration_in_seconds) / 6) / 10.0 as "Minutes a run",
  round(coalesce(sum(build_seconds_used), 0) / 60.0, 2) as "Minutes used"
from
  bitbucket_pipeline
where
  workspace_slug = {{text "workspace_slug"}}
  and created_on >= {{moment "since"}}
group by
  repository_full_name
order by
  count(*) desc, repository_full_name
