select
  repository_full_name as resource,
  case
    when force_denied = true then 'ok'
    else {{template "untold"}}
  end as status,
  case
    when force_denied = true then 'The history of ' || {{template "branch"}} || ' cannot be rewritten.'
    when {{flag "project_branch_rules"}} then 'Whether the history of ' || {{template "branch"}} || ' can be rewritten' || {{template "cannot_be_told"}}
    else 'The history of ' || {{template "branch"}} || ' can be rewritten.'
  end {{template "judged"}}
