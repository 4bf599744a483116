with members as materialized (
  select
    workspace_slug,
    user_uuid,
    display_name,
    last_accessed
  from
    bitbucket_workspace_member
),
authors as materialized (
  select distinct
    workspace_slug,
    author_uuid
  from
    bitbucket_commit
  where
    date >= {{days_ago "inactive_member_days"}}
)
select
  m.workspace_slug || ' ' || m.user_uuid as resource,
  case
    when m.last_accessed < {{days_ago "inactive_member_days"}} then 'alarm'
    when m.last_accessed is null and a.author_uuid is null then 'info'
    else 'ok'
  end as status,
  m.display_name ||
  case
    when m.last_accessed is not null then ' last used ' || m.workspace_slug || ' ' || {{days_since "m.last_accessed"}} || ' days ago.'
    when a.author_uuid is not null then ' has recent commits in ' || m.workspace_slug || '; Bitbucket does not show other use.'
    else ' has no recent commits in ' || m.workspace_slug || ', and Bitbucket does not show other use.'
  end as reason,
  m.workspace_slug as workspace,
  m.display_name as user_name
from
  members as m
  left join authors as a on a.workspace_slug = m.workspace_slug and a.author_uuid = m.user_uuid
