select
  'Days to merge, on average' as label,
  round(cast(avg({{days_between "created_on" "updated_on"}}) as numeric), 1) as value
from
  bitbucket_pull_request
where
  workspace_slug = {{text "workspace_slug"}}
  and state = 'MERGED'
  and updated_on >= {{moment "since"}}
