{{define "seen"}}select
  'Seen by the account' as label,
  coalesce(
    max(part) filter (where reason = 'not_administered'),
    case when count(*) > 0 then 'all but ' || count(*) else 'all it can read' end
  ) as value,
  case when count(*) filter (where reason <> 'feature_off') > 0 then 'info' else 'ok' end as type
from
  left_out{{end}}
