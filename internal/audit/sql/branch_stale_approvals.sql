select
  repository_full_name as resource,
  case
    when approvals_reset = true then 'ok'
    else {{template "untold"}}
  end as status,
  case
    when approvals_reset = true then 'Changes dismiss the approvals of a pull request into ' || {{template "branch"}} || '.'
    when {{flag "project_branch_rules"}} then 'Whether changes dismiss the approvals of a pull request into ' || {{template "branch"}} || {{template "cannot_be_told"}}
    else 'Approvals of a pull request into ' || {{template "branch"}} || ' remain after changes to it.'
  end {{template "judged"}}
