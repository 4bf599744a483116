with {{template "owned_files"}},
counts as (
  select
    repository_full_name,
    count(*) as number
  from
    rules as c,
    {{each "c.owners"}} as o
  group by
    repository_full_name
)
select
  r.full_name as resource,
  case
    when r.mainbranch_name is null then 'skip'
    when c.number is null then 'alarm'
    else 'ok'
  end as status,
  case
    when r.mainbranch_name is null then r.full_name || ' has no branch.'
    when c.number is null then 'No file .bitbucket/CODEOWNERS says who owns what in ' || r.full_name || '.'
    else '.bitbucket/CODEOWNERS says who owns what in ' || r.full_name || '.'
  end {{template "in_repositories"}}
