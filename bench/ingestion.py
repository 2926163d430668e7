"""How fast events land: ``python -m bench.ingestion``.

Everything shares this machine: a Postgres with durable commits, the server that is measured, and
the sender, which sends real HTTP from a process of its own. Measured are, in one run,

- the limit: COPY of the same rows into the same tables, the ledger of ids included;
- the plain way: FastAPI and SQLAlchemy, an insert and a commit for each request, with as many
  workers as serve it best;
- Footfall with everything on: through its own endpoint, through two of other systems', and its own
  again with ten times as many events stored.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench._copy import ROWS, add_history, copy_events
from bench._load import Load, Measured, load
from bench._servers import Target, ingestion, plain, postgres
from warehouse.connections import connect

BATCH = 500
SECONDS = 8
HISTORY = 200_000  # events stored before the first measurement
PLAIN_WORKERS = (2, 3)  # one serves it worse
CONNECTIONS = {1: 256, BATCH: 8}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="footfall-bench-") as name:
        Path(name).chmod(0o711)
        rows = _measure(Path(name))
    table = Table(
        "", "events/s", "of COPY", "of plain", "p50 ms", "p99 ms",
        title=f"Ingestion, on {os.cpu_count()} cores with Postgres and the sender",
    )  # fmt: skip
    for row in rows:
        table.add_row(*row)
    console = Console(width=110)
    console.print(table)


def _measure(directory: Path) -> list[list[str]]:
    with postgres(directory / "plain") as owner:
        single = max(_plain(owner, workers, 1) for workers in PLAIN_WORKERS)
        batch = max(_plain(owner, workers, BATCH) for workers in PLAIN_WORKERS)
    plain_rates = {1: single[0], BATCH: batch[0]}
    with postgres(directory / "footfall") as owner:
        limit = copy_events(owner, HISTORY // ROWS)
        rows = [
            ["COPY, the limit", f"{limit:,.0f}", "1.00", "", "", ""],
            _row(f"plain, single ({single[1]} workers)", single[2], limit, single[0]),
            _row(f"plain, batches of {BATCH} ({batch[1]} workers)", batch[2], limit, batch[0]),
        ]
        with ingestion(owner, directory / "home") as target:
            for what, form, size in (
                ("single", "canonical", 1),
                (f"batches of {BATCH}", "canonical", BATCH),
                ("single, /api/v1/core/collect/", "ecommerce", 1),
                (f"batches of {BATCH}, /api/v1/tracking/batch", "tracking", BATCH),
            ):
                measured = _load(target, form, size)
                rows.append(_row(f"Footfall, {what}", measured, limit, plain_rates[size]))
                if what == "single":
                    half = _load(target, form, size, measured.rate / 2)
                    rows.append(_row("Footfall, single at half that rate", half, limit, single[0]))
            add_history(owner, 9 * _stored(owner))
            for what, size in (("single", 1), (f"batches of {BATCH}", BATCH)):
                measured = _load(target, "canonical", size)
                title = f"Footfall, {what}, {_stored(owner) / 1e6:.0f} million stored"
                rows.append(_row(title, measured, limit, plain_rates[size]))
            memory = target.process.memory_info().rss / 1e6
            rows.append(["resident memory, MB", f"{memory:,.0f}", "", "", "", ""])
    return rows


def _plain(owner: str, workers: int, size: int) -> tuple[float, int, Measured]:
    with plain(owner, workers) as target:
        measured = load(
            Load(target.url, "none", batch=size, connections=CONNECTIONS[size], seconds=SECONDS)
        )
    return measured.rate, workers, measured


def _load(target: Target, form: str, size: int, rate: float = 0) -> Measured:
    return load(Load(target.url, target.key, form, size, CONNECTIONS[size], SECONDS, rate))


def _stored(owner: str) -> int:
    with connect(owner) as connection:
        row = connection.execute(
            "select (select count(*) from raw.events), (select sum(stored) from raw.loads)"
        ).fetchone()
    assert row is not None
    assert row[0] == row[1], row
    return int(row[0])


def _row(what: str, measured: Measured, limit: float, plain_rate: float) -> list[str]:
    return [
        what,
        f"{measured.rate:,.0f}",
        f"{measured.rate / limit:.2f}",
        f"{measured.rate / plain_rate:.1f}",
        f"{measured.p50_ms:.1f}",
        f"{measured.p99_ms:.1f}",
    ]


if __name__ == "__main__":
    main()
