"""What tasks do: run dbt, gate, publish, alert. Plain functions that know nothing of Airflow."""
