select
  coalesce(nullif(language, ''), 'not set') as "Language",
  count(*) as "Repositories"
from
  bitbucket_repository
where
  workspace_slug = {{text "workspace_slug"}}
group by
  coalesce(nullif(language, ''), 'not set')
order by
  count(*) desc, coalesce(nullif(language, ''), 'not set')
