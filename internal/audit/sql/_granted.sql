{{define "granted"}}granted as (
  select
    group_slug,
    group_name,
    project_key,
    case permission when 'create-repo' then 'write' else permission end as permission
  from
    bitbucket_project_group_permission
  where
    workspace_slug = {{text "workspace_slug"}}
    and permission <> 'none'
    and {{template "administered_workspace"}}
  union all
  select
    p.group_slug,
    p.group_name,
    r.project_key,
    p.permission
  from
    bitbucket_my_repository as r
    join bitbucket_repository_group_permission as p on p.repository_full_name = r.full_name
  where
    r.workspace_slug = {{text "workspace_slug"}}
    and p.permission <> 'none'
){{end}}
