with {{template "access_of_user"}}
select
  repository_full_name as "Repository",
  permission as "Permission",
  coalesce((
    select string_agg(
      case
        when p.value ->> 'on' = 'workspace' then 'administrator of the workspace'
        when p.value ->> 'holder' = 'user' then 'directly on the ' || (p.value ->> 'on')
        else (p.value ->> 'group_name') || ' on the ' || (p.value ->> 'on')
      end || ': ' || (p.value ->> 'permission'), '; '
      order by p.value ->> 'on', coalesce(p.value ->> 'group_name', '')
    )
    from {{each "paths"}} as p
  ), 'not shown') as "Paths",
  case when is_direct then 'yes' when is_direct is null then 'not shown' else 'no' end as "By direct grants",
  case when is_explained then 'yes' when is_explained is null then 'not shown' else 'no' end as "Explained"
from
  access
order by
  case when permission = 'admin' then 0 else 1 end, repository_full_name
