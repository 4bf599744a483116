with {{template "pipelines"}},
{{template "flaky_tests"}}
select
  test as "Test",
  repository_full_name as "Repository",
  step as "Step",
  count(*) as "Failed and passed",
  max(build_number) as "Last failed run",
  {{date "max(created_on)"}} as "When",
  'https://bitbucket.org/' || repository_full_name || '/pipelines/results/' || max(build_number) as html_url
from
  flaky_tests
group by
  repository_full_name, step, test
order by
  count(*) desc, max(created_on) desc, repository_full_name, step, test
