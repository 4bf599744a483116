with {{template "owned_files"}},
counts as (
  select
    repository_full_name,
    count(*) as number,
    count(unknown) as unknown
  from
    rules
  group by
    repository_full_name
),
gone as (
  select distinct
    c.repository_full_name,
    cast(n.value as text) as name
  from
    rules as c,
    {{each "c.not_found"}} as n
),
found as (
  select
    repository_full_name,
    string_agg(replace(name, '"', ''), ', ' order by name) as list
  from
    gone
  group by
    repository_full_name
)
select
  r.full_name as resource,
  case
    when c.number is null then 'skip'
    when f.list is not null then 'alarm'
    when c.unknown > 0 then 'info'
    else 'ok'
  end as status,
  case
    when c.number is null then r.full_name || ' has no .bitbucket/CODEOWNERS with rules.'
    when f.list is not null then 'Owners in ' || r.full_name || ' who don''t exist: ' || f.list || '.'
    when c.unknown > 0 then 'Bitbucket does not show whether all owners in ' || r.full_name || ' exist.'
    else 'All owners in ' || r.full_name || ' exist.'
  end {{template "in_repositories"}}
  left join found as f on f.repository_full_name = r.full_name
