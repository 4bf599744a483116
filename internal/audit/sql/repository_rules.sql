select
  kind as "Rule",
  coalesce(nullif(pattern, ''), branch_type) as "Branches",
  coalesce(cast(value as text), '') as "Value",
  coalesce((select string_agg(u.value ->> 'display_name', ', ' order by u.value ->> 'display_name') from {{each "users"}} as u), '') as "Except users",
  coalesce((select string_agg(g.value ->> 'name', ', ' order by g.value ->> 'name') from {{each "groups"}} as g), '') as "Except groups",
  'https://bitbucket.org/' || repository_full_name || '/admin/branch-permissions/' as html_url
from
  bitbucket_branch_restriction
where
  repository_full_name = {{text "repository_full_name"}}
  and {{template "administered"}}
order by
  kind, id
