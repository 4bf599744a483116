{{template "protection"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when deletes = 0 then 'alarm'
    else 'ok'
  end as status,
  case
    {{template "unjudged_reason"}}
    when deletes = 0 then mainbranch_name || ' of ' || full_name || ' can be deleted' || {{template "own_rules"}}
    else mainbranch_name || ' of ' || full_name || ' cannot be deleted.'
  end {{template "judged"}}
