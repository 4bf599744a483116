with {{template "repositories"}}
select
  case when size < 1000000 then 'under 1' when size < 10000000 then '1–10' when size < 100000000 then '10–100' when size < 1000000000 then '100–1000' else '1000+' end as "Megabytes",
  count(*) as "Repositories"
from
  repositories
group by
  case when size < 1000000 then 'under 1' when size < 10000000 then '1–10' when size < 100000000 then '10–100' when size < 1000000000 then '100–1000' else '1000+' end
order by
  min(size)
