{{define "webhooks"}}webhooks as (
  select
    uuid,
    'Webhook to ' || {{host "url"}} || ' of ' || repository_full_name as name,
    url,
    active,
    secret_set,
    skip_cert_verification,
    workspace_slug,
    repository_full_name
  from
    bitbucket_webhook
  union all
  select
    uuid,
    'Webhook to ' || {{host "url"}} || ' of ' || workspace_slug,
    url,
    active,
    secret_set,
    skip_cert_verification,
    workspace_slug,
    cast(null as text)
  from
    bitbucket_workspace_webhook
){{end}}
