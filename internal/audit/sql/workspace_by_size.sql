with {{template "repositories"}}
select
  case when size < 1000000 then 'below 1 MB' when size < 10000000 then '1 to 10 MB' when size < 100000000 then '10 to 100 MB' when size < 1000000000 then '100 MB to 1 GB' else '1 GB and more' end as "Size",
  count(*) as "Repositories"
from
  repositories
group by
  case when size < 1000000 then 'below 1 MB' when size < 10000000 then '1 to 10 MB' when size < 100000000 then '10 to 100 MB' when size < 1000000000 then '100 MB to 1 GB' else '1 GB and more' end
order by
  min(size)
