select
  coalesce(nullif(language, ''), 'unknown') as "Language",
  count(*) as "Repositories"
from
  bitbucket_repository
where
  workspace_slug = {{text "workspace_slug"}}
group by
  coalesce(nullif(language, ''), 'unknown')
order by
  count(*) desc, coalesce(nullif(language, ''), 'unknown')
