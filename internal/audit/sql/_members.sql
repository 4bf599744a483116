{{define "members_of_workspace"}}members as materialized (
  select
    user_uuid,
    {{named "display_name" "user_uuid"}} as display_name,
    nickname,
    permission,
    added_on,
    last_accessed
  from
    bitbucket_workspace_member
  where
    workspace_slug = {{text "workspace_slug"}}
){{end}}

{{define "permissions_in_workspace"}}permissions as materialized (
  select
    repository_full_name,
    user_uuid,
    {{named "user_display_name" "user_uuid"}} as user_display_name,
    permission
  from
    bitbucket_repository_permission
  where
    workspace_slug = {{text "workspace_slug"}}
),
held as materialized (
  select
    permission
  from
    bitbucket_my_repository
  where
    workspace_slug = {{text "workspace_slug"}}
){{end}}
