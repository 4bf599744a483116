with repositories as (
  select
    workspace_slug,
    repository_full_name,
    string_agg(user_display_name, ', ' order by user_display_name) filter (
      where
        permission = 'admin'
        and is_workspace_owner is not true
        and not {{listed "user_uuid" "trusted_administrators"}}
        and not {{listed "coalesce(user_account_id, user_uuid)" "trusted_administrators"}}
    ) as untrusted
  from
    bitbucket_repository_access
  group by
    workspace_slug, repository_full_name
)
select
  repository_full_name as resource,
  case
    when untrusted is null then 'ok'
    else 'alarm'
  end as status,
  case
    when untrusted is null then 'Only administrators of the workspace and trusted users can delete ' || repository_full_name || '.'
    else repository_full_name || ' can be deleted by ' || untrusted || '.'
  end as reason,
  workspace_slug as workspace,
  repository_full_name as repository
from
  repositories
