select
  case when is_private then 'private' else 'public' end as "Visibility",
  count(*) as "Repositories"
from
  bitbucket_repository
where
  workspace_slug = {{text "workspace_slug"}}
group by
  case when is_private then 'private' else 'public' end
order by
  case when is_private then 'private' else 'public' end
