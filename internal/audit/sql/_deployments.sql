{{define "deployments"}}deployments as materialized (
  select
    repository_full_name,
    environment_name,
    environment_type,
    commit_hash,
    state_status_name,
    deployer_display_name,
    completed_on
  from
    bitbucket_deployment
  where
    workspace_slug = {{text "workspace_slug"}}
),
production as (
  select
    *
  from
    deployments
  where
    environment_type = 'Production'
    and completed_on >= {{since}}
    and state_status_name is not null
),
restored as (
  select
    f.repository_full_name,
    f.environment_name,
    f.commit_hash,
    f.deployer_display_name,
    f.completed_on,
    (
      select min(s.completed_on)
      from deployments as s
      where s.repository_full_name = f.repository_full_name
        and s.environment_name = f.environment_name
        and s.state_status_name = 'SUCCESSFUL'
        and s.completed_on > f.completed_on
    ) as restored_on
  from
    production as f
  where
    f.state_status_name = 'FAILED'
),
outages as (
  select
    24 * ({{days_between "completed_on" "restored_on"}}) as hours
  from
    restored
){{end}}

{{define "leads"}}leads as (
  select
    repository_full_name,
    {{days_between "created_on" "deployed_on"}} as days
  from
    (
      select
        m.repository_full_name,
        m.created_on,
        (
          select min(s.completed_on)
          from production as s
          where s.repository_full_name = m.repository_full_name
            and s.state_status_name = 'SUCCESSFUL'
            and s.completed_on >= m.updated_on
        ) as deployed_on
      from
        merged as m
    ) as delivered
  where
    deployed_on is not null
){{end}}
