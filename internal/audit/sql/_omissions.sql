{{define "omissions"}}omissions as materialized (
  select
    table_name,
    workspace_slug,
    project_key,
    repository_full_name,
    case reason
      when 'refused' then 'Bitbucket refused'
      when 'failed' then 'Bitbucket did not answer'
      when 'not_administered' then 'only for administrators'
      when 'hidden_groups' then 'groups are hidden'
      when 'not_covered' then 'outside the connection'
      when 'nothing_visible' then 'nothing visible'
      when 'feature_off' then 'switched off'
      when 'empty' then 'nothing pushed yet'
      when 'unknown_revision' then 'no such revision'
      else reason
    end as why,
    message,
    advice,
    omitted_on,
    case when reason in ('refused', 'failed') then 0 when reason in ('feature_off', 'empty', 'unknown_revision') then 2 else 1 end as position,
    case when reason in ('refused', 'failed') then 'a look' when reason in ('feature_off', 'empty', 'unknown_revision') then 'nothing' else 'more access' end as need
  from
    bitbucket_omission
){{end}}
