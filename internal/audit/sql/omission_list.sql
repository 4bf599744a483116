with {{template "omissions"}}
select
  need as "Needs",
  table_name as "Table",
  coalesce(repository_full_name, workspace_slug || '/' || project_key, workspace_slug, 'all workspaces') as "Place",
  why as "Why",
  coalesce(advice, '') as "What to do",
  message as "Message",
  case
    when repository_full_name is not null then 'https://bitbucket.org/' || repository_full_name
    when project_key is not null then 'https://bitbucket.org/' || workspace_slug || '/workspace/projects/' || project_key
    when workspace_slug is not null then 'https://bitbucket.org/' || workspace_slug || '/workspace/repositories/'
    else 'https://bitbucket.org/account/workspaces/'
  end as html_url
from
  omissions
order by
  position, 3, table_name, message
