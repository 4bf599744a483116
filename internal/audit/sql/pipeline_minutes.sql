select
  'Minutes used' as label,
  round(coalesce(sum(build_seconds_used), 0) / 60.0, 2) as value
from
  bitbucket_pipeline
where
  workspace_slug = {{text "workspace_slug"}}
  and created_on >= {{moment "since"}}
