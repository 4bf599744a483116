with {{template "pipeline_files"}},
counts as (
  select
    repository_full_name,
    count(*) as number,
    count(case when max_time is null then 1 end) as bad
  from
    definitions
  where
    position is not null
  group by
    repository_full_name
)
{{template "counted" "steps"}}
    when c.bad > 0 then 'Steps without max-time in the pipelines of ' || r.full_name || ': ' || c.bad || ' of ' || c.number || '.'
    else 'All steps in the pipelines of ' || r.full_name || ' have max-time.'
  end {{template "in_repositories"}}
