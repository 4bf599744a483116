with connections as materialized (
  select
    title,
    account_display_name,
    authentication_method,
    workspaces
  from
    bitbucket_connection
),
quotas as materialized (
  select
    title,
    remaining,
    request_limit
  from
    bitbucket_rate_limit
)
select
  c.title as "Connection",
  coalesce(c.account_display_name, 'none: the token belongs to no user') as "Account",
  c.authentication_method as "Authentication",
  (select string_agg(replace(cast(p.value as text), '"', ''), ', ' order by cast(p.value as text)) from {{each "c.workspaces"}} as p) as "Workspaces",
  coalesce(q.remaining || ' of ' || q.request_limit, 'not shown') as "Requests left",
  'https://bitbucket.org/account/workspaces/' as html_url
from
  connections as c
  left join quotas as q on q.title = c.title
order by
  c.title
