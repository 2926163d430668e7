{{ analytics_periods('week', 'week') }}
