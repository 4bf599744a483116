with {{template "pipeline_files"}},
counts as (
  select
    d.repository_full_name,
    count(*) as number,
    count(case when cast(p.value ->> 'is_pinned' as text) not in ('true', '1') then 1 end) as bad
  from
    definitions as d,
    {{each "d.pipes"}} as p
  group by
    d.repository_full_name
)
{{template "counted" "pipes"}}
    when c.bad > 0 then 'Pipes without a full version in the pipelines of ' || r.full_name || ': ' || c.bad || ' of ' || c.number || '.'
    else 'All pipes in the pipelines of ' || r.full_name || ' have a full version or a digest.'
  end {{template "in_repositories"}}
