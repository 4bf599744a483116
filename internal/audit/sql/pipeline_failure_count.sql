select
  'Failed' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  bitbucket_pipeline
where
  workspace_slug = {{text "workspace_slug"}}
  and created_on >= {{moment "since"}}
  and result_name in ('FAILED', 'ERROR')
