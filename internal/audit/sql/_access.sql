{{define "access_columns"}}repository_full_name,
    workspace_slug,
    project_key,
    user_uuid,
    {{named "user_display_name" "user_uuid"}} as user_display_name,
    permission,
    workspace_permission,
    is_direct,
    via_group,
    is_workspace_owner,
    is_member,
    is_explained{{end}}

{{define "access_of_workspace"}}access as materialized (
  select
    {{template "access_columns"}}
  from
    bitbucket_repository_access
  where
    workspace_slug = {{text "workspace_slug"}}
){{end}}

{{define "access_of_repository"}}access as materialized (
  select
    {{template "access_columns"}},
    paths
  from
    bitbucket_repository_access
  where
    repository_full_name = {{text "repository_full_name"}}
    and {{template "administered"}}
){{end}}

{{define "access_of_user"}}access as materialized (
  select
    {{template "access_columns"}},
    paths
  from
    bitbucket_repository_access
  where
    user_uuid = {{text "user_uuid"}}
){{end}}
