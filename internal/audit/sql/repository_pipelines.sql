select
  build_number as "Run",
  coalesce(target_ref_name, target_source, substr(target_commit_hash, 1, 12)) as "Of",
  lower(coalesce(result_name, state_name)) as "Result",
  coalesce(creator_display_name, 'not shown') as "Started by",
  {{date "created_on"}} as "When",
  round(duration_in_seconds / 60.0, 2) as "Minutes",
  'https://bitbucket.org/' || repository_full_name || '/pipelines/results/' || build_number as html_url
from
  bitbucket_pipeline
where
  repository_full_name = {{text "repository_full_name"}}
order by
  created_on desc, build_number desc
limit 20
