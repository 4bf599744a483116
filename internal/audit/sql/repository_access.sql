with {{template "access_of_repository"}}
select
  user_display_name as "User",
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
  case when is_explained then 'yes' when is_explained is null then 'not shown' else 'no' end as "Explained",
  user_uuid
from
  access
order by
  user_display_name, user_uuid
