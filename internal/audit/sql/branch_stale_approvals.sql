{{template "protection"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when resets = 0 then 'alarm'
    else 'ok'
  end as status,
  case
    {{template "unjudged_reason"}}
    when resets = 0 then 'Approvals of a pull request into ' || mainbranch_name || ' of ' || full_name || ' remain after changes to it' || {{template "own_rules"}}
    else 'Changes dismiss the approvals of a pull request into ' || mainbranch_name || ' of ' || full_name || '.'
  end {{template "judged"}}
