{{template "protection"}}{{template "checks"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when comments = 0 then 'alarm'
    when tasks = 0 and coalesce(tasks_in_force, 0) = 0 then 'alarm'
    when not {{template "enforced"}} and coalesce(enforced_in_force, 0) = 0 then 'alarm'
    else 'ok'
  end as status,
  case
    {{template "unjudged_reason"}}
    when comments = 0 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' can be merged with open comments' || {{template "own_rules"}}
    when tasks = 0 and coalesce(tasks_in_force, 0) = 0 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' can be merged with open tasks' || {{template "as_far_as_known"}}
    when not {{template "enforced"}} and coalesce(enforced_in_force, 0) = 0 then 'Comments on a pull request into ' || mainbranch_name || ' of ' || full_name || ' should be resolved, but need not be: merge checks are not enforced' || {{template "as_far_as_known"}}
    when tasks > 0 and {{template "enforced"}} then 'All comments on a pull request into ' || mainbranch_name || ' of ' || full_name || ' must be resolved, and all tasks completed.'
    else 'All comments on a pull request into ' || mainbranch_name || ' of ' || full_name || ' must be resolved, and all tasks completed' || {{template "as_shown"}}
  end {{template "judged_by_checks"}}
