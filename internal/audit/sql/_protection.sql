{{define "branch"}}branch_name || ' of ' || repository_full_name{{end}}
{{define "into"}}'A pull request into ' || {{template "branch"}}{{end}}
{{define "untold"}}case when {{flag "project_branch_rules"}} then 'info' else 'alarm' end{{end}}
{{define "cannot_be_told"}}' cannot be told: no rule of the repository asks for it, and Bitbucket does not show the rules of its project.'{{end}}
{{define "checks_shown"}}case when pull_request_id is not null then ', as the merge checks of pull request ' || pull_request_id || ' show.' else '.' end{{end}}
{{define "shown"}}case when {{.}}_source = 'merge_check' then ', as the merge checks of pull request ' || pull_request_id || ' show.' else '.' end{{end}}
{{define "counts"}}(merge_checks_enforced = true or not {{flag "require_enforced_merge_checks"}}){{end}}
{{define "unenforced"}}case when merge_checks_enforced is null then {{template "untold"}} else 'alarm' end{{end}}
{{define "unenforced_reason"}}case
      when merge_checks_enforced is null and {{flag "project_branch_rules"}} then ', but whether merge checks are enforced' || {{template "cannot_be_told"}}
      else ', but can be merged without: merge checks are not enforced' || {{template "checks_shown"}}
    end{{end}}
{{define "judged"}}as reason,
  workspace_slug as workspace,
  repository_full_name as repository
from
  bitbucket_branch_protection{{end}}
