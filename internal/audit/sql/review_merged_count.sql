select
  'Merged' as label,
  count(*) as value
from
  bitbucket_pull_request
where
  workspace_slug = {{text "workspace_slug"}}
  and state = 'MERGED'
  and updated_on >= {{moment "since"}}
