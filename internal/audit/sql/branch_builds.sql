{{template "protection"}}{{template "checks"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when builds >= 1 and {{template "enforced"}} then 'ok'
    when builds_in_force >= 1 then 'ok'
    else 'alarm'
  end as status,
  case
    {{template "unjudged_reason"}}
    when builds >= 1 and {{template "enforced"}} then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs a passing build.'
    when builds_in_force >= 1 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs a passing build' || {{template "as_shown"}}
    when coalesce(builds, 0) < 1 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs no passing build' || {{template "as_far_as_known"}}
    else 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' should have a passing build, but can be merged without it: merge checks are not enforced' || {{template "as_far_as_known"}}
  end {{template "judged_by_checks"}}
