select
  repository_full_name as resource,
  case
    when administrators_exempt = true then 'alarm'
    when push_restricted is null then {{template "untold"}}
    when administrators_exempt is null then 'info'
    else 'ok'
  end as status,
  case
    when administrators_exempt = true then 'Rules for ' || {{template "branch"}} || ' exempt administrators: ' ||
      (select string_agg(e.value ->> 'name', ', ' order by e.value ->> 'name') from {{each "exempt_administrators"}} as e) || '.'
    when push_restricted is null and {{flag "project_branch_rules"}} then 'Whether administrators, like everybody with write access, can push to ' || {{template "branch"}} || {{template "cannot_be_told"}}
    when push_restricted is null then 'Administrators, like everybody with write access, can push to ' || {{template "branch"}} || '.'
    when administrators_exempt is null then 'Whether rules for ' || {{template "branch"}} || ' exempt administrators cannot be told: Bitbucket does not show the connected account who administers its project.'
    else 'Rules for ' || {{template "branch"}} || ' bind administrators too.'
  end {{template "judged"}}
