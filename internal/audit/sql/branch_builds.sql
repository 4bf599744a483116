select
  repository_full_name as resource,
  case
    when builds >= 1 and {{template "counts"}} then 'ok'
    when builds >= 1 then {{template "unenforced"}}
    when pull_request_id is null then {{template "untold"}}
    else 'alarm'
  end as status,
  case
    when builds >= 1 and {{template "counts"}} then {{template "into"}} || ' needs a passing build' || {{template "shown" "builds"}}
    when builds >= 1 then {{template "into"}} || ' should have a passing build' || {{template "unenforced_reason"}}
    when pull_request_id is null and {{flag "project_branch_rules"}} then 'Whether a pull request into ' || {{template "branch"}} || ' needs a passing build' || {{template "cannot_be_told"}}
    else {{template "into"}} || ' needs no passing build' || {{template "shown" "builds"}}
  end {{template "judged"}}
