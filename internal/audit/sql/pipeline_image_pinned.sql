with {{template "pipeline_files"}},
images as (
  select
    repository_full_name,
    coalesce(image_is_pinned, false) as is_pinned
  from
    definitions
  where
    position is not null
    and coalesce(cast(runs_on as text), '') not like '%linux.shell%'
    and coalesce(cast(runs_on as text), '') not like '%windows%'
    and coalesce(cast(runs_on as text), '') not like '%macos%'
  union all
  select
    d.repository_full_name,
    (s.value -> 'image' ->> 'digest') is not null
  from
    definitions as d,
    {{each "d.services"}} as s
  where
    (s.value -> 'image') is not null
),
counts as (
  select
    repository_full_name,
    count(*) as number,
    count(case when not is_pinned then 1 end) as bad
  from
    images
  group by
    repository_full_name
)
{{template "counted" "images"}}
    when c.bad > 0 then 'Images without a digest in the pipelines of ' || r.full_name || ': ' || c.bad || ' of ' || c.number || '.'
    else 'All images in the pipelines of ' || r.full_name || ' have a digest.'
  end {{template "in_repositories"}}
