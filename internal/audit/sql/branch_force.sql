{{template "protection"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when forces = 0 then 'alarm'
    else 'ok'
  end as status,
  case
    {{template "unjudged_reason"}}
    when forces = 0 then 'The history of ' || mainbranch_name || ' of ' || full_name || ' can be rewritten' || {{template "own_rules"}}
    else 'The history of ' || mainbranch_name || ' of ' || full_name || ' cannot be rewritten.'
  end {{template "judged"}}
