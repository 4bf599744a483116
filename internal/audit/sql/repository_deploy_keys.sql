select
  coalesce(nullif(label, ''), comment) as "Key",
  coalesce(owner_display_name, 'not shown') as "Added by",
  {{date "added_on"}} as "Added",
  coalesce({{date "last_used"}}, 'never') as "Last used",
  'https://bitbucket.org/' || repository_full_name || '/admin/access-keys/' as html_url
from
  bitbucket_deploy_key
where
  repository_full_name = {{text "repository_full_name"}}
  and {{template "administered"}}
order by
  added_on, id
