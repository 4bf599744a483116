with {{template "merged"}},
{{template "sizes"}}
select
  class as "Lines changed",
  count(*) as "Pull requests"
from
  sizes
group by
  class
order by
  min(lines)
