with {{template "pipeline_files"}},
secrets as (
  select distinct
    d.repository_full_name,
    cast(s.value ->> 'line' as integer) as line,
    s.value ->> 'kind' as kind,
    s.value ->> 'name' as name
  from
    definitions as d,
    {{each "d.secrets"}} as s
  where
    d.imported_from is null
    and s.value ->> 'place' <> 'service'
),
found as (
  select
    repository_full_name,
    string_agg(name || ' in line ' || line || ' (' || kind || ')', ', ' order by line, name, kind) as list
  from
    secrets
  group by
    repository_full_name
),
counts as (
  select
    repository_full_name,
    count(*) as number
  from
    definitions
  group by
    repository_full_name
)
select
  r.full_name as resource,
  case
    when c.number is null then 'skip'
    when f.list is not null then 'alarm'
    else 'ok'
  end as status,
  case
    when c.number is null then r.full_name || ' has no bitbucket-pipelines.yml.'
    when f.list is not null then 'bitbucket-pipelines.yml of ' || r.full_name || ' gives away: ' || f.list || '.'
    else 'bitbucket-pipelines.yml of ' || r.full_name || ' gives away no secret that the control knows.'
  end {{template "in_repositories"}}
  left join found as f on f.repository_full_name = r.full_name
