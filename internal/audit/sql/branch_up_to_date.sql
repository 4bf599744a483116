{{template "protection"}}{{template "checks"}}
select
  full_name as resource,
  case
    {{template "unjudged"}}
    when behinds > 0 and {{template "enforced"}} then 'ok'
    when behinds_in_force > 0 then 'ok'
    else 'alarm'
  end as status,
  case
    {{template "unjudged_reason"}}
    when behinds > 0 and {{template "enforced"}} then 'A branch must be up to date with ' || mainbranch_name || ' of ' || full_name || ' before it is merged.'
    when behinds_in_force > 0 then 'A branch must be up to date with ' || mainbranch_name || ' of ' || full_name || ' before it is merged' || {{template "as_shown"}}
    when behinds = 0 then 'A branch can be merged into ' || mainbranch_name || ' of ' || full_name || ' however far it is behind' || {{template "as_far_as_known"}}
    else 'A branch should be up to date with ' || mainbranch_name || ' of ' || full_name || ', but can be merged if it is not: merge checks are not enforced' || {{template "as_far_as_known"}}
  end {{template "judged_by_checks"}}
