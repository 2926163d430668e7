"""One-machine operation: embedded Postgres, process supervision, the ``footfall`` command."""
