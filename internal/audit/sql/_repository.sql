{{define "repository_columns"}}full_name,
    workspace_slug,
    project_key,
    project_name,
    owner_display_name,
    description,
    language,
    mainbranch_name,
    fork_policy,
    is_private,
    size,
    created_on,
    updated_on,
    html_url{{end}}

{{define "repositories"}}repositories as materialized (
  select
    {{template "repository_columns"}}
  from
    bitbucket_repository
  where
    workspace_slug = {{text "workspace_slug"}}
){{end}}

{{define "repository"}}repository as materialized (
  select
    {{template "repository_columns"}}
  from
    bitbucket_repository
  where
    full_name = {{text "repository_full_name"}}
){{end}}

{{define "administered"}}(
    select
      max(permission)
    from
      bitbucket_my_repository
    where
      full_name = {{text "repository_full_name"}}
  ) = 'admin'{{end}}

{{define "administered_workspace"}}(
    select
      count(*)
    from
      bitbucket_my_workspace
    where
      slug = {{text "workspace_slug"}}
      and is_administrator
  ) > 0{{end}}
