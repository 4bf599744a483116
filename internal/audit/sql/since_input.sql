select
  'the last 7 days' as label,
  {{day_before 7}} as value
union all
select
  'the last 30 days' as label,
  {{day_before 30}} as value
union all
select
  'the last 90 days' as label,
  {{day_before 90}} as value
union all
select
  'the last year' as label,
  {{day_before 365}} as value
