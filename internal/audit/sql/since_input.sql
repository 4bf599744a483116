select
  'the last 90 days' as label,
  '90' as value
union all
select
  'the last year' as label,
  '365' as value
union all
select
  'the last 30 days' as label,
  '30' as value
union all
select
  'the last 7 days' as label,
  '7' as value
