{{template "protection"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when pushes = 0 or merges = 0 then 'alarm'
    else 'ok'
  end as status,
  case
    {{template "unjudged_reason"}}
    when pushes = 0 then 'Everybody with write access can push to ' || mainbranch_name || ' of ' || full_name || {{template "own_rules"}}
    when merges = 0 then 'Everybody with write access can merge into ' || mainbranch_name || ' of ' || full_name || {{template "own_rules"}}
    else 'Pushes to ' || mainbranch_name || ' of ' || full_name || ' and merges into it are restricted.'
  end {{template "judged"}}
