select
  repository_full_name as resource,
  case
    when approvals >= {{number "min_approvals"}} and {{template "counts"}} then 'ok'
    when approvals >= {{number "min_approvals"}} then {{template "unenforced"}}
    when pull_request_id is null then {{template "untold"}}
    else 'alarm'
  end as status,
  case
    when approvals >= {{number "min_approvals"}} and {{template "counts"}} then {{template "into"}} || ' needs ' || approvals || ' approvals' || {{template "shown" "approvals"}}
    when approvals >= {{number "min_approvals"}} then {{template "into"}} || ' should have ' || approvals || ' approvals' || {{template "unenforced_reason"}}
    when approvals > 0 and pull_request_id is null and {{flag "project_branch_rules"}} then {{template "into"}} || ' needs too few approvals by the rules of the repository: ' || approvals || '. Whether its project asks for more cannot be told.'
    when approvals > 0 then {{template "into"}} || ' needs too few approvals: ' || approvals || {{template "shown" "approvals"}}
    when pull_request_id is null and {{flag "project_branch_rules"}} then 'Whether a pull request into ' || {{template "branch"}} || ' needs approvals' || {{template "cannot_be_told"}}
    else {{template "into"}} || ' needs no approval' || {{template "shown" "approvals"}}
  end {{template "judged"}}
