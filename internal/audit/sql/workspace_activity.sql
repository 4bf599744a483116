select
  {{month "updated_on"}} as "Last change",
  count(*) as "Repositories"
from
  bitbucket_repository
where
  workspace_slug = {{text "workspace_slug"}}
group by
  {{month "updated_on"}}
order by
  {{month "updated_on"}}
