select
  repository_full_name as resource,
  case
    when push_restricted = true and merge_restricted = true then 'ok'
    else {{template "untold"}}
  end as status,
  case
    when push_restricted = true and merge_restricted = true then 'Pushes to ' || {{template "branch"}} || ' and merges into it are restricted.'
    when push_restricted is null and {{flag "project_branch_rules"}} then 'Whether everybody with write access can push to ' || {{template "branch"}} || {{template "cannot_be_told"}}
    when push_restricted is null then 'Everybody with write access can push to ' || {{template "branch"}} || '.'
    when {{flag "project_branch_rules"}} then 'Whether everybody with write access can merge into ' || {{template "branch"}} || {{template "cannot_be_told"}}
    else 'Everybody with write access can merge into ' || {{template "branch"}} || '.'
  end {{template "judged"}}
