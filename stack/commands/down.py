"""``footfall down``: stops everything."""

from __future__ import annotations


def down() -> None:
    """Stop everything that `footfall up` has started. Data and secrets stay."""
    from stack.progress import Progress
    from stack.supervise import Supervisor
    from stack.up import only_one
    from warehouse.settings import home_directory

    home = home_directory()
    progress = Progress()
    if not home.exists():
        progress.console.print(f"  Nothing was ever started in {home}.", markup=False)
        return
    with only_one(home), progress.step("stop") as step:
        stopped = Supervisor(home).shutdown()
        step.detail = f"{stopped} parts stopped" if stopped else "nothing was running"
