with repositories as materialized (
  select
    full_name,
    workspace_slug
  from
    bitbucket_repository
),
branches as materialized (
  select
    repository_full_name,
    name,
    mainbranch_name,
    merge_strategies
  from
    bitbucket_branch
),
counts as (
  select
    b.repository_full_name,
    count(*) as number,
    count(case when cast(s.value as text) in ('merge_commit', 'rebase_merge', '"merge_commit"', '"rebase_merge"') then 1 end) as bad
  from
    branches as b,
    {{each "b.merge_strategies"}} as s
  where
    b.name = b.mainbranch_name
  group by
    b.repository_full_name
)
select
  r.full_name as resource,
  case
    when c.number is null then 'skip'
    when c.bad > 0 then 'alarm'
    else 'ok'
  end as status,
  case
    when c.number is null then r.full_name || ' has no branch.'
    when c.bad > 0 then 'Pull requests into the main branch of ' || r.full_name || ' can be merged with a merge commit.'
    else 'Pull requests into the main branch of ' || r.full_name || ' are merged without merge commits.'
  end {{template "in_repositories"}}
