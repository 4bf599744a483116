select
  {{month "updated_on"}} as "Month",
  count(*) filter (where approval_count > 0) as "Approved",
  count(*) filter (where approval_count = 0) as "Without approval"
from
  bitbucket_pull_request
where
  workspace_slug = {{text "workspace_slug"}}
  and state = 'MERGED'
  and updated_on >= {{moment "since"}}
group by
  {{month "updated_on"}}
order by
  {{month "updated_on"}}
