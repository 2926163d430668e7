{{ analytics_periods('month', 'month') }}
