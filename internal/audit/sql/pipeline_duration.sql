select
  'Minutes a run takes, on average' as label,
  floor(avg(duration_in_seconds) / 6) / 10.0 as value
from
  bitbucket_pipeline
where
  workspace_slug = {{text "workspace_slug"}}
  and created_on >= {{moment "since"}}
