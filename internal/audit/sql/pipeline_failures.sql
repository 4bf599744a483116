with {{template "pipelines"}}
select
  repository_full_name as "Repository",
  build_number as "Run",
  coalesce(target_ref_name, target_source, substr(target_commit_hash, 1, 12)) as "Of",
  lower(coalesce(result_name, state_name)) as "Result",
  coalesce(creator_display_name, 'not shown') as "Started by",
  {{date "created_on"}} as "When",
  round(duration_in_seconds / 60.0, 2) as "Minutes",
  'https://bitbucket.org/' || repository_full_name || '/pipelines/results/' || build_number as html_url
from
  pipelines
where
  result_name in ('FAILED', 'ERROR')
order by
  created_on desc, repository_full_name, build_number desc
