with {{template "pipelines"}}
select
  *
from
  (
    select
      repository_full_name as "Repository",
      round(sum(build_seconds_used) / 60.0, 2) as "Minutes used"
    from
      pipelines
    group by
      repository_full_name
    having
      sum(build_seconds_used) > 0
    order by
      sum(build_seconds_used) desc, repository_full_name
    limit 10
  ) as largest
order by
  2, 1 desc
