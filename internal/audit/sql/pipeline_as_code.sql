with {{template "pipeline_files"}},
files as (
  select
    repository_full_name,
    max(error) as error
  from
    definitions
  group by
    repository_full_name
)
select
  r.full_name as resource,
  case
    when r.mainbranch_name is null then 'skip'
    when f.repository_full_name is null or f.error is not null then 'alarm'
    else 'ok'
  end as status,
  case
    when r.mainbranch_name is null then r.full_name || ' has no branch.'
    when f.repository_full_name is null then r.full_name || ' has no bitbucket-pipelines.yml.'
    when f.error is not null then 'bitbucket-pipelines.yml of ' || r.full_name || ' has an error: ' || f.error
    else 'bitbucket-pipelines.yml of ' || r.full_name || ' defines its pipelines.'
  end as reason,
  r.workspace_slug as workspace,
  r.full_name as repository
from
  repositories as r
  left join files as f on f.repository_full_name = r.full_name
