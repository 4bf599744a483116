{{template "protection"}}{{template "checks"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when approvals >= {{number "min_approvals"}} and {{template "enforced"}} then 'ok'
    when approvals_in_force >= {{number "min_approvals"}} then 'ok'
    else 'alarm'
  end as status,
  case
    {{template "unjudged_reason"}}
    when approvals >= {{number "min_approvals"}} and {{template "enforced"}} then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs ' || approvals || ' approvals.'
    when approvals_in_force >= {{number "min_approvals"}} then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs ' || approvals_in_force || ' approvals' || {{template "as_shown"}}
    when coalesce(approvals, approvals_in_force) is null then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs no approval' || {{template "as_far_as_known"}}
    when coalesce(approvals, approvals_in_force) < {{number "min_approvals"}} then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs too few approvals: ' || coalesce(approvals, approvals_in_force) || {{template "as_far_as_known"}}
    else 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' should have ' || approvals || ' approvals, but can be merged without them: merge checks are not enforced' || {{template "as_far_as_known"}}
  end {{template "judged_by_checks"}}
