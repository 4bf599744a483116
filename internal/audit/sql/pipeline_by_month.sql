select
  {{month "created_on"}} as "Month",
  lower(coalesce(result_name, state_name)) as "Result",
  count(*) as "Runs"
from
  bitbucket_pipeline
where
  workspace_slug = {{text "workspace_slug"}}
  and created_on >= {{moment "since"}}
group by
  {{month "created_on"}}, lower(coalesce(result_name, state_name))
order by
  {{month "created_on"}}, lower(coalesce(result_name, state_name))
