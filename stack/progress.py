"""How the command shows what it is doing: one line per step, on a terminal or in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape

SECONDS_BETWEEN_LINES = 2.0  # of one step, in a log


@dataclass
class Step:
    """One step under way.

    Attributes:
        detail: What the closing line says beside the step's name.
    """

    console: Console
    title: str
    detail: str = ""
    _shown: str = field(default="", repr=False)
    _shown_at: float = field(default=float("-inf"), repr=False)
    _spinner: object = field(default=None, repr=False)

    def update(self, message: str) -> None:
        """Show how far the step is; in a log, only what is new and not too often."""
        if message == self._shown:
            return
        if self._spinner is not None:
            self._shown = message
            self._spinner.update(f"{escape(self.title)}  [dim]{escape(message)}[/]")  # type: ignore[attr-defined]
        elif time.monotonic() - self._shown_at > SECONDS_BETWEEN_LINES:
            self._shown, self._shown_at = message, time.monotonic()
            self.console.print(f"  .. {self.title}: {message}", markup=False)


class Progress:
    """Shows steps, each closed by its result and duration."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Show a step while the block runs, and its result when it ends.

        Args:
            title: What is being done.

        Yields:
            The step, to report progress and set the detail of its closing line.
        """
        started = time.monotonic()
        step = Step(self.console, title)
        try:
            if self.console.is_terminal:
                with self.console.status(escape(title)) as spinner:
                    step._spinner = spinner
                    yield step
            else:
                yield step
        except BaseException:
            self.console.print(f"  [red]failed[/]  {escape(title)}")
            raise
        seconds = time.monotonic() - started
        result = f"{escape(title):<26} {escape(step.detail):<52}"
        self.console.print(f"  [green]ok[/]  {result} [dim]{seconds:5.1f} s[/]")
