with {{template "repositories"}},
mine as materialized (
  select
    full_name,
    permission
  from
    bitbucket_my_repository
  where
    workspace_slug = {{text "workspace_slug"}}
)
select
  r.full_name as "Repository",
  r.project_name as "Project",
  {{date "r.created_on"}} as "Created",
  case when r.is_private then 'private' else 'public' end as "Visibility",
  coalesce(m.permission, 'none') as "Access of the connected account"
from
  repositories as r
  left join mine as m on m.full_name = r.full_name
where
  r.created_on >= {{since}}
order by
  r.created_on desc, r.full_name
