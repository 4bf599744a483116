{{template "protection"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when coalesce(builds, 0) < 1 then 'alarm'
    when not {{template "enforced"}} then 'alarm'
    else 'ok'
  end as status,
  case
    {{template "unjudged_reason"}}
    when coalesce(builds, 0) < 1 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs no passing build.'
    when not {{template "enforced"}} then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' should have a passing build, and can be merged without: merge checks are not enforced.'
    else 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs a passing build.'
  end {{template "judged"}}
