select
  repository_full_name as resource,
  case
    when delete_denied = true then 'ok'
    else {{template "untold"}}
  end as status,
  case
    when delete_denied = true then {{template "branch"}} || ' cannot be deleted.'
    when {{flag "project_branch_rules"}} then 'Whether ' || {{template "branch"}} || ' can be deleted' || {{template "cannot_be_told"}}
    else {{template "branch"}} || ' can be deleted.'
  end {{template "judged"}}
