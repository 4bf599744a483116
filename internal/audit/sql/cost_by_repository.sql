with {{template "repositories"}},
{{template "pipelines"}},
used as (
  select
    repository_full_name,
    count(*) as runs,
    coalesce(sum(build_seconds_used), 0) as seconds
  from
    pipelines
  group by
    repository_full_name
)
select
  r.full_name as "Repository",
  round(r.size / 1000000000.0, 3) as "Gigabytes",
  round(r.size / 40000000.0, 1) as "Percent of 4 GB",
  case when r.size > 3000000000 then 'yes' else 'no' end as "Above 3 GB",
  coalesce(u.runs, 0) as "Runs",
  round(coalesce(u.seconds, 0) / 60.0, 2) as "Minutes used"
from
  repositories as r
  left join used as u on u.repository_full_name = r.full_name
order by
  coalesce(u.seconds, 0) desc, r.size desc, r.full_name
