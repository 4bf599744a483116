select
  'member' as "What",
  display_name as "Who",
  workspace_slug as "Where",
  {{date "added_on"}} as "When",
  '/bitbucket.dashboard.bitbucket_access?input.workspace_slug=' || workspace_slug as link
from
  bitbucket_workspace_member
where
  workspace_slug = {{text "workspace_slug"}}
  and added_on >= {{since}}
union all
select
  'deploy key',
  coalesce(nullif(label, ''), comment, cast(id as text)),
  repository_full_name,
  {{date "added_on"}},
  'https://bitbucket.org/' || repository_full_name || '/admin/access-keys/'
from
  bitbucket_deploy_key
where
  workspace_slug = {{text "workspace_slug"}}
  and added_on >= {{since}}
union all
select
  'deploy key',
  coalesce(nullif(label, ''), comment, cast(id as text)),
  workspace_slug || '/' || project_key,
  {{date "added_on"}},
  'https://bitbucket.org/' || workspace_slug || '/workspace/projects/' || project_key
from
  bitbucket_project_deploy_key
where
  workspace_slug = {{text "workspace_slug"}}
  and {{template "administered_workspace"}}
  and added_on >= {{since}}
union all
select
  'webhook',
  {{host "url"}},
  repository_full_name,
  {{date "created_at"}},
  'https://bitbucket.org/' || repository_full_name || '/admin/webhooks'
from
  bitbucket_webhook
where
  workspace_slug = {{text "workspace_slug"}}
  and created_at >= {{since}}
union all
select
  'repository',
  coalesce(owner_display_name, workspace_slug),
  full_name,
  {{date "created_on"}},
  '/bitbucket.dashboard.bitbucket_repository_detail?input.repository_full_name=' || full_name
from
  bitbucket_repository
where
  workspace_slug = {{text "workspace_slug"}}
  and created_on >= {{since}}
order by
  4 desc, 1, 3, 2
