{{define "first_reviews"}}opened as (
  select repository_full_name, id, author_uuid, created_on from open
  union all
  select repository_full_name, id, author_uuid, created_on from merged
),
activity as materialized (
  select
    repository_full_name,
    pull_request_id,
    kind,
    user_uuid,
    date
  from
    bitbucket_pull_request_activity
  where
    workspace_slug = {{text "workspace_slug"}}
    and date >= {{since}}
),
first_reviews as (
  select
    o.repository_full_name,
    o.id,
    24 * ({{days_between "max(o.created_on)" "min(a.date)"}}) as hours
  from
    opened as o
    join activity as a on a.repository_full_name = o.repository_full_name and a.pull_request_id = o.id
  where
    a.kind in ('approval', 'changes_requested', 'comment')
    and a.user_uuid <> o.author_uuid
    and o.created_on >= {{since}}
  group by
    o.repository_full_name, o.id
){{end}}
