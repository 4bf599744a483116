with grantees as (
  select
    workspace_slug,
    user_uuid,
    user_account_id,
    is_member,
    max(user_display_name) as name,
    count(*) as repositories
  from
    bitbucket_repository_access
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
    when {{listed "user_uuid" "trusted_outsiders"}} or {{listed "user_account_id" "trusted_outsiders"}} then ' is no member of ' || workspace_slug || ', and trusted.'
    else ' is no member of ' || workspace_slug || ', and has access to ' || repositories || case when repositories = 1 then ' repository of it.' else ' repositories of it.' end
  end as reason,
  workspace_slug as workspace,
  name as user_name
from
  grantees
order by
  workspace_slug, name
