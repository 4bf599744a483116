{{template "protection"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when comments = 0 or tasks = 0 then 'alarm'
    when not {{template "enforced"}} then 'alarm'
    else 'ok'
  end as status,
  case
    {{template "unjudged_reason"}}
    when comments = 0 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' may be merged with open comments.'
    when tasks = 0 then 'A pull request into ' || mainbranch_name || ' of ' || full_name || ' may be merged with open tasks.'
    when not {{template "enforced"}} then 'Comments on a pull request into ' || mainbranch_name || ' of ' || full_name || ' should be resolved, and need not be: merge checks are not enforced.'
    else 'All comments on a pull request into ' || mainbranch_name || ' of ' || full_name || ' must be resolved, and all tasks completed.'
  end {{template "judged"}}
