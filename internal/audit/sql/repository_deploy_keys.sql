select
  coalesce(nullif(label, ''), comment) as "Key",
  owner_display_name as "Added by",
  {{date "added_on"}} as "Added",
  {{date "last_used"}} as "Last used"
from
  bitbucket_deploy_key
where
  repository_full_name = {{text "repository_full_name"}}
  and {{template "administered"}}
order by
  added_on, id
