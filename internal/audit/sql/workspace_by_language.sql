with {{template "repositories"}}
select
  *
from
  (
    select
      coalesce(nullif(language, ''), 'not set') as "Language",
      count(*) as "Repositories"
    from
      repositories
    group by
      coalesce(nullif(language, ''), 'not set')
    order by
      count(*) desc, coalesce(nullif(language, ''), 'not set')
    limit 10
  ) as largest
order by
  2, 1 desc
