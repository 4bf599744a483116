with {{template "pipeline_files"}},
{{template "tools"}},
counts as (
  select
    repository_full_name,
    count(*) as number,
    count(case when {{matches "names" "sbom_tools"}} then 1 end) as making
  from
    tools
  group by
    repository_full_name
)
select
  r.full_name as resource,
  case
    when c.number is null then 'skip'
    when c.making = 0 then 'alarm'
    else 'ok'
  end as status,
  case
    when c.number is null then r.full_name || ' has no pipelines that can be read.'
    when c.making = 0 then 'No step in the pipelines of ' || r.full_name || ' makes an SBOM.'
    else 'Steps that make an SBOM in the pipelines of ' || r.full_name || ': ' || c.making || ' of ' || c.number || '.'
  end {{template "in_repositories"}}
