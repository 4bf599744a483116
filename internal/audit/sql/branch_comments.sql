select
  repository_full_name as resource,
  case
    when tasks_completed = false then 'alarm'
    when comments_resolved is null or tasks_completed is null then {{template "untold"}}
    when {{template "counts"}} then 'ok'
    else {{template "unenforced"}}
  end as status,
  case
    when tasks_completed = false then {{template "into"}} || ' can be merged with open tasks' || {{template "shown" "tasks_completed"}}
    when comments_resolved is null and {{flag "project_branch_rules"}} then 'Whether comments on a pull request into ' || {{template "branch"}} || ' must be resolved' || {{template "cannot_be_told"}}
    when comments_resolved is null then {{template "into"}} || ' can be merged with open comments.'
    when tasks_completed is null and {{flag "project_branch_rules"}} then 'Whether tasks of a pull request into ' || {{template "branch"}} || ' must be completed' || {{template "cannot_be_told"}}
    when tasks_completed is null then {{template "into"}} || ' can be merged with open tasks.'
    when {{template "counts"}} then 'All comments on a pull request into ' || {{template "branch"}} || ' must be resolved, and all tasks completed' || {{template "shown" "tasks_completed"}}
    else {{template "into"}} || ' should have no open comments and tasks' || {{template "unenforced_reason"}}
  end {{template "judged"}}
