# Controls on a copy that `steampipe-plugin-bitbucket sync` keeps in PostgreSQL. They ask its history, which the plugin's own
# tables don't have. So they are only here, and not in `steampipe-plugin-bitbucket audit`.

variable "working_days" {
  type        = list(string)
  default     = ["Mon", "Tue", "Wed", "Thu", "Fri"]
  description = "Working days: Mon, Tue, Wed, Thu, Fri, Sat or Sun."
}

variable "working_hours_begin" {
  type        = number
  default     = 7
  description = "Hour at which working days begin, from 0 to 23."
}

variable "working_hours_end" {
  type        = number
  default     = 19
  description = "Hour at which working days end, from 1 to 24."
}

variable "working_time_zone" {
  type        = string
  default     = "UTC"
  description = "Time zone of the working hours, for example Europe/Berlin."
}

variable "history_days" {
  type        = number
  default     = 30
  description = "Number of days back for which the history is judged."
}

variable "short_administrator_hours" {
  type        = number
  default     = 24
  description = "Number of hours that an administrator should at least be one."
}

benchmark "access_history" {
  title       = "Access History"
  description = "How access was granted and revoked. It needs a copy that `steampipe-plugin-bitbucket sync` keeps in PostgreSQL, since Bitbucket only shows the present."

  children = [
    control.access_outside_hours,
    control.administrator_short
  ]

  tags = merge(local.bitbucket_common_tags, {
    type = "Benchmark"
  })
}

control "access_outside_hours" {
  title         = "Access is granted in working hours"
  description   = "Who has stolen an account, or wants no questions, grants access when nobody looks. Ask who granted it, and revoke it if nobody knows."
  documentation = file("./docs/controls/access_outside_hours.md")
  severity      = "medium"
  query         = query.access_outside_hours

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Access"
  })
}

control "administrator_short" {
  title         = "Nobody is administrator for less than a day"
  description   = "An administrator for a short time can add a key or a webhook that stays. Look for what was added meanwhile, and ask why the access was needed."
  documentation = file("./docs/controls/administrator_short.md")
  severity      = "medium"
  query         = query.administrator_short

  tags = merge(local.bitbucket_common_tags, {
    service = "Bitbucket/Access"
  })
}

query "access_outside_hours" {
  sql = <<-EOQ
    with versions as (
      select
        'bitbucket_repository_permission' as copied,
        workspace_slug as workspace,
        repository_uuid as place_uuid,
        repository_full_name as place,
        user_uuid,
        user_display_name as user_name,
        permission,
        case permission when 'admin' then 3 when 'write' then 2 else 1 end as rank,
        valid_from,
        valid_to
      from
        bitbucket_repository_permission_history
      union all
      select
        'bitbucket_workspace_member',
        workspace_slug,
        workspace_uuid,
        'the workspace ' || workspace_slug,
        user_uuid,
        display_name,
        permission,
        case permission when 'owner' then 3 when 'create-project' then 2 else 1 end,
        valid_from,
        valid_to
      from
        bitbucket_workspace_member_history
    ),
    granted as (
      select
        v.*,
        old.permission as old_permission,
        (select max(started_at) from _sync_run where started_at < v.valid_from and tables -> v.copied is not null) as not_before
      from
        versions as v
        left join versions as old on old.place_uuid = v.place_uuid and old.user_uuid = v.user_uuid and old.valid_to = v.valid_from
      where
        v.valid_from > now() - $5::integer * interval '1 day'
        and (old.rank is null or old.rank < v.rank)
        -- The run before saw the place: else this is not when the access was granted.
        and exists (
          select 1
          from versions as seen
          where seen.place_uuid = v.place_uuid and seen.valid_from < v.valid_from and (seen.valid_to is null or seen.valid_to >= v.valid_from)
        )
    ),
    local_times as (
      select
        *,
        not_before at time zone $4::text as after,
        valid_from at time zone $4::text as before
      from
        granted
    ),
    judged as (
      select
        *,
        -- Of the working hours between the two runs, all or none may be meant.
        exists (
          select 1
          from generate_series(date_trunc('day', after), before, interval '1 day') as day
          where to_char(day, 'Dy') = any($1::text[]) and after < day + $3::integer * interval '1 hour' and before > day + $2::integer * interval '1 hour'
        ) as may_be_inside,
        exists (
          select 1
          from generate_series(date_trunc('day', after), before, interval '1 day') as day
          where to_char(day, 'Dy') = any($1::text[]) and after >= day + $2::integer * interval '1 hour' and before <= day + $3::integer * interval '1 hour'
        ) as is_inside
      from
        local_times
    )
    select
      place || ' ' || user_uuid || ' ' || to_char(before, 'YYYY-MM-DD HH24:MI') as resource,
      case when is_inside then 'ok' when may_be_inside then 'info' else 'alarm' end as status,
      user_name || ' was ' || case when old_permission is null then 'granted ' || permission else 'raised from ' || old_permission || ' to ' || permission end ||
      ' on ' || place || ' between ' || to_char(after, 'YYYY-MM-DD HH24:MI') || ' and ' || to_char(before, 'YYYY-MM-DD HH24:MI') || ' ' || $4::text ||
      case
        when is_inside then ', in working hours. '
        when may_be_inside then '. These runs of the copy are too far apart to tell at which hour. '
        else ', outside working hours. '
      end ||
      case
        when valid_to is null then 'This is still so.'
        else 'This was no longer so at ' || to_char(valid_to at time zone $4::text, 'YYYY-MM-DD HH24:MI') || '.'
      end as reason,
      workspace,
      user_name
    from
      judged
    union all
    select
      'copy',
      case when count(*) < 2 then 'skip' else 'ok' end,
      case when count(*) < 2 then 'The copy has only one run: there is no history yet.' else 'Between ' || count(*) || ' runs of the copy, no access was granted.' end,
      null,
      null
    from
      _sync_run
    having
      not exists (select 1 from judged);
  EOQ

  param "working_days" {
    description = "Working days: Mon, Tue, Wed, Thu, Fri, Sat or Sun."
    default     = var.working_days
  }

  param "working_hours_begin" {
    description = "Hour at which working days begin, from 0 to 23."
    default     = var.working_hours_begin
  }

  param "working_hours_end" {
    description = "Hour at which working days end, from 1 to 24."
    default     = var.working_hours_end
  }

  param "working_time_zone" {
    description = "Time zone of the working hours, for example Europe/Berlin."
    default     = var.working_time_zone
  }

  param "history_days" {
    description = "Number of days back for which the history is judged."
    default     = var.history_days
  }
}

query "administrator_short" {
  sql = <<-EOQ
    with versions as (
      select
        'bitbucket_repository_permission' as copied,
        workspace_slug as workspace,
        repository_uuid as place_uuid,
        repository_full_name as place,
        user_uuid,
        user_display_name as user_name,
        permission = 'admin' as is_administrator,
        valid_from,
        valid_to
      from
        bitbucket_repository_permission_history
      union all
      select
        'bitbucket_workspace_member',
        workspace_slug,
        workspace_uuid,
        'the workspace ' || workspace_slug,
        user_uuid,
        display_name,
        permission = 'owner',
        valid_from,
        valid_to
      from
        bitbucket_workspace_member_history
    ),
    beginnings as (
      select
        *,
        lag(valid_to) over (partition by place_uuid, user_uuid order by valid_from) is distinct from valid_from as begins
      from
        versions
      where
        is_administrator
    ),
    numbered as (
      select
        *,
        count(*) filter (where begins) over (partition by place_uuid, user_uuid order by valid_from) as number
      from
        beginnings
    ),
    terms as (
      select
        copied,
        max(workspace) as workspace,
        place_uuid,
        max(place) as place,
        user_uuid,
        max(user_name) as user_name,
        min(valid_from) as first_seen,
        max(valid_to) as gone
      from
        numbered
      group by
        copied,
        place_uuid,
        user_uuid,
        number
      having
        bool_and(valid_to is not null)
    ),
    ended as (
      select
        terms.*,
        (select max(started_at) from _sync_run where started_at < first_seen and tables -> copied is not null) as not_before,
        (select max(started_at) from _sync_run where started_at < gone and tables -> copied is not null) as last_seen
      from
        terms
      where
        gone > now() - $1::integer * interval '1 day'
        -- The run before saw the place, and so did the one that no longer saw the administrator: else it is not known since when, or until when.
        and exists (
          select 1
          from versions as seen
          where seen.place_uuid = terms.place_uuid and seen.valid_from < first_seen and (seen.valid_to is null or seen.valid_to >= first_seen)
        )
        and exists (
          select 1
          from versions as seen
          where seen.place_uuid = terms.place_uuid and seen.valid_from <= gone and (seen.valid_to is null or seen.valid_to > gone)
        )
    ),
    judged as (
      select
        *,
        round(extract(epoch from last_seen - first_seen) / 3600) as least_hours,
        round(extract(epoch from gone - not_before) / 3600) as most_hours
      from
        ended
    )
    select
      place || ' ' || user_uuid || ' ' || to_char(first_seen at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as resource,
      case when least_hours < $2::integer then 'alarm' else 'ok' end as status,
      user_name || ' was administrator of ' || place || ' for at least ' || least_hours || ' and at most ' || most_hours || ' hours: not yet at ' ||
      to_char(not_before at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ', first seen at ' || to_char(first_seen at time zone 'UTC', 'YYYY-MM-DD HH24:MI') ||
      ', last seen at ' || to_char(last_seen at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ', and gone at ' ||
      to_char(gone at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC.' as reason,
      workspace,
      user_name
    from
      judged
    union all
    select
      'copy',
      case when count(*) < 2 then 'skip' else 'ok' end,
      case when count(*) < 2 then 'The copy has only one run: there is no history yet.' else 'Between ' || count(*) || ' runs of the copy, nobody stopped being administrator.' end,
      null,
      null
    from
      _sync_run
    having
      not exists (select 1 from judged);
  EOQ

  param "history_days" {
    description = "Number of days back for which the history is judged."
    default     = var.history_days
  }

  param "short_administrator_hours" {
    description = "Number of hours that an administrator should at least be one."
    default     = var.short_administrator_hours
  }
}
