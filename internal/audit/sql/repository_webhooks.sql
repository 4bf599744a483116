select
  {{host "url"}} as "Address",
  case when active then 'yes' else 'no' end as "Active",
  case when skip_cert_verification then 'no' else 'yes' end as "Certificate checked",
  case when secret_set then 'yes' when secret_set is null then 'not shown' else 'no' end as "Secret",
  {{date "created_at"}} as "Created",
  'https://bitbucket.org/' || repository_full_name || '/admin/webhooks' as html_url
from
  bitbucket_webhook
where
  repository_full_name = {{text "repository_full_name"}}
  and {{template "administered"}}
order by
  {{host "url"}}, uuid
