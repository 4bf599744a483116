with repositories as materialized (
  select
    full_name,
    workspace_slug,
    mainbranch_name,
    is_private
  from
    bitbucket_repository
),
files as materialized (
  select
    repository_full_name
  from
    bitbucket_source_file
  where
    path = 'SECURITY.md'
)
select
  r.full_name as resource,
  case
    when r.is_private or r.mainbranch_name is null then 'skip'
    when f.repository_full_name is null then 'alarm'
    else 'ok'
  end as status,
  case
    when r.is_private then r.full_name || ' is private.'
    when r.mainbranch_name is null then r.full_name || ' has no branch.'
    when f.repository_full_name is null then r.full_name || ' is public and has no SECURITY.md.'
    else r.full_name || ' is public and has a SECURITY.md.'
  end as reason,
  r.workspace_slug as workspace,
  r.full_name as repository
from
  repositories as r
  left join files as f on f.repository_full_name = r.full_name
