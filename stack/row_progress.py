"""A bar that shows how many rows or events a command has got through, how fast, how long still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(console: Console, title: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar while the block runs; where there is no terminal, nothing.

    Args:
        console: Where to.
        title: What is being done.
        unit: What is counted, such as ``rows``.

    Yields:
        To be told how many are done, and how many there are.
    """
    columns = (
        TextColumn("{task.description:<13}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    is_hidden = console.quiet or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=is_hidden) as progress:
        task = progress.add_task(title, total=None, rate="", visible=False)

        def notify(done: int, total: int) -> None:
            speed = progress.tasks[task].speed
            rate = f"{speed:,.0f} {unit}/s" if speed else ""
            progress.update(task, completed=done, total=total, rate=rate, visible=True)

        yield notify
