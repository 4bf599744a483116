select
  substr({{month "created_on"}}, 1, 4) as "Created",
  count(*) as "Repositories"
from
  bitbucket_repository
where
  workspace_slug = {{text "workspace_slug"}}
group by
  substr({{month "created_on"}}, 1, 4)
order by
  substr({{month "created_on"}}, 1, 4)
