with log as materialized (
  select
    repository_full_name,
    workspace_slug,
    pull_request_id,
    pull_request_title,
    kind,
    state,
    date,
    user_display_name,
    source_commit_hash,
    lag(source_commit_hash) over (partition by repository_full_name, pull_request_id, kind order by date) as commit_before,
    row_number() over (partition by repository_full_name, pull_request_id, state order by date) as times
  from
    bitbucket_pull_request_activity
  where
    date >= {{days_ago "reviewed_days"}}
),
reviews as (
  select
    repository_full_name,
    pull_request_id,
    count(source_commit_hash) as commits,
    min(case when kind = 'update' then date end) as known_since,
    max(case when kind = 'approval' then date end) as approved,
    max(case when kind = 'update' and source_commit_hash <> commit_before then date end) as pushed
  from
    log
  group by
    repository_full_name, pull_request_id
)
select
  m.repository_full_name || ' pull request ' || m.pull_request_id as resource,
  case
    when r.approved is null then 'skip'
    when r.pushed > r.approved then 'alarm'
    when r.known_since > r.approved or r.commits = 0 then 'info'
    else 'ok'
  end as status,
  'Pull request ' || m.pull_request_id || ' of ' || m.repository_full_name || ' (' || m.pull_request_title || ') ' ||
  case
    when r.approved is null then 'was merged, and not approved in the last ' || {{number "reviewed_days"}} || ' days.'
    when r.pushed > r.approved then 'was changed after its last approval, and merged by ' || coalesce(m.user_display_name, 'somebody') || '.'
    when r.known_since > r.approved then 'was approved, but it cannot be told what was pushed then: it is older than ' || {{number "reviewed_days"}} || ' days.'
    when r.commits = 0 then 'was approved, but it cannot be told what was pushed then: its fork was deleted.'
    else 'was not changed after its last approval.'
  end as reason,
  m.workspace_slug as workspace,
  m.repository_full_name as repository
from
  log as m
  join reviews as r on r.repository_full_name = m.repository_full_name and r.pull_request_id = m.pull_request_id
where
  m.state = 'MERGED'
  and m.times = 1
