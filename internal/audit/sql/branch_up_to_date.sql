select
  repository_full_name as resource,
  case
    when commits_behind is not null and {{template "counts"}} then 'ok'
    when commits_behind is not null then {{template "unenforced"}}
    when commits_behind_source = 'unknown' then {{template "untold"}}
    else 'alarm'
  end as status,
  case
    when commits_behind is not null and {{template "counts"}} then 'A branch must be up to date with ' || {{template "branch"}} || ' before it is merged' || {{template "shown" "commits_behind"}}
    when commits_behind is not null then 'A branch should be up to date with ' || {{template "branch"}} || {{template "unenforced_reason"}}
    when commits_behind_source = 'unknown' and {{flag "project_branch_rules"}} then 'Whether a branch must be up to date with ' || {{template "branch"}} || {{template "cannot_be_told"}}
    else 'A branch can be merged into ' || {{template "branch"}} || ' however far it is behind' || {{template "shown" "commits_behind"}}
  end {{template "judged"}}
