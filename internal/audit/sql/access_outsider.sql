with accesses as materialized (
  select
    workspace_slug,
    repository_full_name,
    user_uuid,
    user_account_id,
    user_display_name,
    is_member
  from
    bitbucket_repository_access
),
grantees as (
  select
    workspace_slug,
    user_uuid,
    user_account_id,
    is_member,
    max(user_display_name) as name,
    count(*) as repositories
  from
    accesses
  group by
    workspace_slug, user_uuid, user_account_id, is_member
)
select
  workspace_slug || ' ' || user_uuid as resource,
  case
    when is_member is null then 'info'
    when is_member then 'ok'
    when {{listed "user_uuid" "trusted_outsiders"}} or {{listed "user_account_id" "trusted_outsiders"}} then 'ok'
    else 'alarm'
  end as status,
  name ||
  case
    when is_member is null then ' has access to repositories of ' || workspace_slug || ', whose members Bitbucket does not show the connected account.'
    when is_member then ' is a member of ' || workspace_slug || '.'
    when {{listed "user_uuid" "trusted_outsiders"}} or {{listed "user_account_id" "trusted_outsiders"}} then ' is not a member of ' || workspace_slug || ', but trusted.'
    else ' is not a member of ' || workspace_slug || ', but has access to ' || repositories || ' of its repositories.'
  end as reason,
  workspace_slug as workspace,
  name as user_name,
  cast(null as text) as repository
from
  grantees
union all
select distinct
  cast(null as text),
  cast(null as text),
  cast(null as text),
  workspace_slug,
  cast(null as text),
  repository_full_name
from
  accesses
