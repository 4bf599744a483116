with {{template "deployments"}}
select
  repository_full_name as "Repository",
  environment_name as "Environment",
  substr(commit_hash, 1, 12) as "Commit",
  deployer_display_name as "Deployed by",
  {{date "completed_on"}} as "Failed",
  {{date "restored_on"}} as "Restored"
from
  restored
order by
  completed_on desc, repository_full_name
