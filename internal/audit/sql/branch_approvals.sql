{{template "protection"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when coalesce(approvals, 0) < {{number "min_approvals"}} then 'alarm'
    when not {{template "enforced"}} then 'alarm'
    else 'ok'
  end as status,
  case
    {{template "unjudged_reason"}}
    when approvals is null then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs no approval.'
    when approvals < {{number "min_approvals"}} then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs too few approvals: ' || approvals || '.'
    when not {{template "enforced"}} then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' should have ' || approvals || ' approvals, and can be merged without: merge checks are not enforced.'
    else 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' needs ' || approvals || ' approvals.'
  end {{template "judged"}}
