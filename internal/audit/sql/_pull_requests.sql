{{define "pull_request_columns"}}repository_full_name,
    id,
    title,
    author_uuid,
    {{named "author_display_name" "author_uuid"}} as author_display_name,
    closed_by_uuid,
    {{named "closed_by_display_name" "closed_by_uuid"}} as closed_by_display_name,
    created_on,
    updated_on,
    approval_count,
    participants,
    source_repository_full_name,
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

{{define "sizes"}}newest as materialized (
  select
    *
  from
    merged
  where
    source_repository_full_name is not null
  order by
    updated_on desc, repository_full_name, id
  limit {{number "sized_pull_requests"}}
),
{{looked_up "changed_files" "s.repository_full_name, s.id, coalesce(t.lines_added, 0) + coalesce(t.lines_removed, 0) as lines" "newest" "bitbucket_pull_request_file" "t.repository_full_name = s.repository_full_name and t.pull_request_id = s.id"}},
changes as (
  select
    repository_full_name,
    id,
    cast(sum(lines) as integer) as lines,
    count(*) as files
  from
    changed_files
  group by
    repository_full_name, id
),
sizes as (
  select
    n.*,
    c.lines,
    c.files,
    {{days_between "n.created_on" "n.updated_on"}} as days,
    case
      when c.lines <= 10 then 'up to 10'
      when c.lines <= 100 then '11–100'
      when c.lines <= 500 then '101–500'
      when c.lines <= 1000 then '501–1000'
      else 'over 1000'
    end as class
  from
    newest as n
    join changes as c on c.repository_full_name = n.repository_full_name and c.id = n.id
){{end}}
