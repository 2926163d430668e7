"""``footfall up``: starts everything."""

from __future__ import annotations


def up() -> None:
    """Start everything, and wait until it is healthy.

    Starts only what is missing: a second time it repeats nothing. The first time it lands a day of
    simulated events and runs the pipeline over it, unless FOOTFALL_DEMO=false.
    """
    from stack.progress import Progress
    from stack.summary import print_summary
    from stack.up import bring_up

    progress = Progress()
    print_summary(bring_up(progress), progress.console)
