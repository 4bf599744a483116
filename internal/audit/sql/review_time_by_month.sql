select
  {{month "updated_on"}} as "Month",
  round(cast(avg({{days_between "created_on" "updated_on"}}) as numeric), 1) as "Days"
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
