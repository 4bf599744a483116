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
    target_date
  from
    bitbucket_branch
),
counts as (
  select
    repository_full_name,
    count(*) as number,
    count(case when target_date < {{days_ago "inactive_branch_days"}} then 1 end) as bad
  from
    branches
  where
    name <> mainbranch_name
  group by
    repository_full_name
)
select
  r.full_name as resource,
  case
    when c.bad > 0 then 'alarm'
    else 'ok'
  end as status,
  case
    when c.bad > 0 then 'Branches of ' || r.full_name || ' without recent commits: ' || c.bad || ' of ' || c.number || '.'
    else 'No branch of ' || r.full_name || ' besides the main one is inactive.'
  end {{template "in_repositories"}}
