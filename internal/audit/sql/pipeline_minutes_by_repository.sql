select
  repository_full_name as "Repository",
  round(sum(build_seconds_used) / 60.0, 2) as "Minutes used"
from
  bitbucket_pipeline
where
  workspace_slug = {{text "workspace_slug"}}
  and created_on >= {{moment "since"}}
group by
  repository_full_name
having
  sum(build_seconds_used) > 0
order by
  sum(build_seconds_used) desc, repository_full_name
