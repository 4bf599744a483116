select
  coalesce(step_name, 'without a name') as "Step",
  count(*) as "Runs with tests",
  count(*) filter (where number_of_failed_test_cases + number_of_error_test_cases > 0) as "With failing tests",
  count(*) filter (where number_of_failed_test_cases + number_of_error_test_cases = 0) as "Without failing tests",
  max(number_of_test_cases) as "Tests",
  sum(number_of_failed_test_cases + number_of_error_test_cases) as "Failures",
  max(build_number) as "Last run",
  'https://bitbucket.org/' || {{text "repository_full_name"}} || '/pipelines/results/' || max(build_number) as html_url
from
  bitbucket_pipeline_test_report
where
  repository_full_name = {{text "repository_full_name"}}
  and pipeline_created_on >= {{since}}
group by
  step_name
order by
  6 desc, 1
