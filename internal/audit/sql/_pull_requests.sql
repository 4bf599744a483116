{{define "pull_request_columns"}}repository_full_name,
    id,
    title,
    author_display_name,
    closed_by_display_name,
    created_on,
    updated_on,
    approval_count,
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
