{{define "pull_request_columns"}}repository_full_name,
    id,
    title,
    author_uuid,
    author_display_name,
    closed_by_uuid,
    closed_by_display_name,
    created_on,
    updated_on,
    approval_count,
    participants,
    html_url{{end}}

{{define "open"}}open as materialized (
  select
    {{template "pull_request_columns"}}
  from
    bitbucket_pull_request
  where
    workspace_slug = {{text "workspace_slug"}}
    and state = 'OPEN'
){{end}}

{{define "merged"}}merged as materialized (
  select
    {{template "pull_request_columns"}}
  from
    bitbucket_pull_request
  where
    workspace_slug = {{text "workspace_slug"}}
    and state = 'MERGED'
    and updated_on >= {{since}}
){{end}}

{{define "open_in_repository"}}open as materialized (
  select
    {{template "pull_request_columns"}}
  from
    bitbucket_pull_request
  where
    repository_full_name = {{text "repository_full_name"}}
    and state = 'OPEN'
){{end}}

{{define "merge_times"}}merge_times as (
  select
    {{month "updated_on"}} as month,
    {{days_between "created_on" "updated_on"}} as days
  from
    merged
){{end}}
