with {{template "repositories"}}
select
  coalesce(nullif(language, ''), 'not set') as "Language",
  count(*) as "Repositories"
from
  repositories
group by
  coalesce(nullif(language, ''), 'not set')
order by
  count(*) desc, coalesce(nullif(language, ''), 'not set')
