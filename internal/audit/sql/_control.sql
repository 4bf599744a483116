{{define "control"}}with judged as materialized (
{{indent .Body}}
),
{{- range .Control.Population}}
{{.Many}} as (
  select
    count(*) as seen,
    count(case when {{.Covered}} then 1 end) as covered
  from
    {{.Table}}
),
{{- end}}
population as (
  select
    {{range $i, $p := .Control.Population}}{{if $i}} + {{end}}{{.Many}}.seen{{end}} as seen,
    {{range $i, $p := .Control.Population}}{{if $i}} + {{end}}{{.Many}}.covered{{end}} as covered,
    {{range $i, $p := .Control.Population}}{{if $i}} || ' and of ' || {{end}}{{.Many}}.covered || ' of ' || {{.Many}}.seen || case when {{.Many}}.seen = 1 then ' {{.One}}' else ' {{.Many}}' end{{end}} as shown
  from
    {{range $i, $p := .Control.Population}}{{if $i}} cross join {{end}}{{.Many}}{{end}}
){{if .Guards}},
refused as (
  {{range $i, $g := .Guards}}{{if $i}}
  union all
  {{end}}select
    '{{.Name}}' as variable,
    '{{.Name}} is ' || {{.Value}} || ', but should be {{.Should}}.' as reason
  where
    not ({{.Holds}}){{end}}
){{end}}
select
  resource,
  status,
  reason,
  {{range $i, $d := .Control.Dimensions}}{{if $i}},
  {{end}}coalesce({{.}}, '') as {{.}}{{end}}
from
  judged
where
  status is not null{{if .Guards}}
  and not exists (select 1 from refused){{end}}
union all
select
  '{{.Control.Subject}}',
  'ok',
  'No {{.Control.Subject}} found. Bitbucket showed the connected account those of ' || shown || '.'{{range .Control.Dimensions}},
  ''{{end}}
from
  population
where
  covered > 0
  and not exists (select 1 from judged where status is not null){{if .Guards}}
  and not exists (select 1 from refused){{end}}
union all
select
  '{{.Control.Subject}} not shown',
  {{not_judged}},
  case
    when not exists (select 1 from bitbucket_workspace) then 'The connection covers no workspace that the connected account can see.'
    when seen = 0 then 'The connected account {{(index .Control.Population 0).Seen}} no repository.'
    else {{if .Control.Administered}}'Bitbucket shows {{.Control.Subject}} only to administrators. It showed the connected account those of ' || shown || '.'{{else}}'Bitbucket showed the connected account the {{.Control.Subject}} of ' || shown || '.'{{end}}
  end{{range .Control.Dimensions}},
  ''{{end}}
from
  population
where
  (seen > covered or seen = 0){{if .Guards}}
  and not exists (select 1 from refused){{end}}
{{- if .Guards}}
union all
select
  variable,
  'error',
  reason{{range .Control.Dimensions}},
  ''{{end}}
from
  refused
{{- end}}
order by
  {{range .Control.Dimensions}}{{.}}, {{end}}resource{{end}}
