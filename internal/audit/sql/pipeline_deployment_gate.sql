with repositories as materialized (
  select
    full_name,
    workspace_slug
  from
    bitbucket_repository
),
definitions as materialized (
  select
    repository_full_name,
    trigger_type,
    trigger_events,
    schedules,
    deployment,
    is_gated
  from
    bitbucket_pipeline_definition
  where
    deployment is not null
    and trigger_type <> 'export'
),
environments as materialized (
  select
    repository_full_name,
    name,
    environment_type_name,
    restrictions_admin_only,
    deployment_gate_enabled
  from
    bitbucket_deployment_environment
),
deployments as (
  select
    d.repository_full_name,
    d.is_gated
    or coalesce(e.restrictions_admin_only, false)
    or coalesce(e.deployment_gate_enabled, false)
    or (d.trigger_type = 'custom' and d.trigger_events is null and d.schedules is null) as is_decided
  from
    definitions as d
    left join environments as e on e.repository_full_name = d.repository_full_name and lower(e.name) = lower(d.deployment)
  where
    e.environment_type_name = 'Production'
    or e.environment_type_name is null and lower(d.deployment) like 'prod%'
),
counts as (
  select
    repository_full_name,
    count(*) as number,
    count(case when not is_decided then 1 end) as bad
  from
    deployments
  group by
    repository_full_name
)
{{template "counted" "deployments to production"}}
    when c.bad > 0 then 'Steps that deploy to production without anybody''s decision in the pipelines of ' || r.full_name || ': ' || c.bad || ' of ' || c.number || '.'
    else 'Somebody decides on each deployment to production in the pipelines of ' || r.full_name || '.'
  end {{template "in_repositories"}}
