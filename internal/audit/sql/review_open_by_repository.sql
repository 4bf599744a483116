select
  repository_full_name as "Repository",
  count(*) as "Open"
from
  bitbucket_pull_request
where
  workspace_slug = {{text "workspace_slug"}}
  and state = 'OPEN'
group by
  repository_full_name
order by
  count(*) desc, repository_full_name
