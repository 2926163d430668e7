"""State directories of tests that change settings while ingestion runs."""

from __future__ import annotations

from pathlib import Path

from warehouse.settings import ENV_FILE


class Home:
    """A state directory whose footfall.env a test edits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write(FOOTFALL_DEMO="false")

    def write(self, **values: object) -> None:
        """Have the file say this alone."""
        lines = [f"{name}={value}\n" for name, value in values.items()]
        self.write_text("".join(lines))

    def write_text(self, text: str) -> None:
        """Replace the file, as careful editors do."""
        new = self.path / "new"
        new.write_text(text)
        new.replace(self.path / ENV_FILE)
