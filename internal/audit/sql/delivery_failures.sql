with {{template "deployments"}}
select
  repository_full_name as "Repository",
  environment_name as "Environment",
  substr(commit_hash, 1, 12) as "Commit",
  coalesce(deployer_display_name, 'not shown') as "Deployed by",
  {{date "completed_on"}} as "Failed",
  coalesce({{date "restored_on"}}, 'not yet') as "Restored",
  coalesce(cast(cast(round(24 * ({{days_between "completed_on" "restored_on"}})) as integer) as text), 'not yet') as "Hours to restore",
  'https://bitbucket.org/' || repository_full_name || '/commits/' || commit_hash as html_url
from
  restored
order by
  completed_on desc, repository_full_name
