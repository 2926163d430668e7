"""What an event can say at most: ingestion keeps to it, the raw gate holds loads that do not."""

from __future__ import annotations

from datetime import UTC, datetime

# The web is no older: a time before is a clock gone wrong, and the daily marts would begin there.
EARLIEST_TIME = datetime(1990, 1, 1, tzinfo=UTC)

# No value, quantity or catalogued number lies further from zero.
LARGEST_NUMBER = 10**12
