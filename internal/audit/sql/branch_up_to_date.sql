{{template "protection"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when behinds = 0 then 'alarm'
    when not {{template "enforced"}} then 'alarm'
    else 'ok'
  end as status,
  case
    {{template "unjudged_reason"}}
    when behinds = 0 then 'A branch may be merged into ' || mainbranch_name || ' of ' || full_name || ' however far it is behind.'
    when not {{template "enforced"}} then 'A branch should be up to date with ' || mainbranch_name || ' of ' || full_name || ', and can be merged if it is not: merge checks are not enforced.'
    else 'A branch must be up to date with ' || mainbranch_name || ' of ' || full_name || ' before it is merged.'
  end {{template "judged"}}
