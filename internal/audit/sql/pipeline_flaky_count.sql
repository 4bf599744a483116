with {{template "pipelines"}},
{{template "flaky_tests"}}
select
  'Flaky tests' as label,
  count(*) as value,
  case when count(*) > 0 then 'alert' else 'ok' end as type
from
  (select distinct repository_full_name, step, test from flaky_tests) as tests
