"""How a part is started, written down by ``make up`` and carried out for the supervisor.

The supervisor runs ``python -m stack.launch HOME PART``, which clears up and then becomes the part.
A part that was killed may have left children behind that still hold its port or work on its tasks;
they are stopped before it starts again. The environment is the one written down and no other, so
each part sees only what it needs. Imports are few here: every start pays for them.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from stack.processes import find_marked, stop_marked

SECONDS_FOR_STRAGGLERS = 2


@dataclass(frozen=True)
class Launch:
    """How a part is started.

    Attributes:
        command: Program and arguments.
        environment: What configures it.
        inherited: The rest of its environment, taken over from the shell of `make up`.
        directory: Working directory.
        os_user: Operating-system user to become; None: stay who we are.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    inherited: Mapping[str, str]
    directory: str
    os_user: str | None = None

    def fingerprint(self) -> str:
        """Return a digest that changes when the part must be started anew to follow a change.

        What was merely inherited does not count: `make up` from another shell changes nothing.
        """
        what = {**asdict(self), "inherited": None}
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def write_launches(home: Path, launches: Mapping[str, Launch]) -> None:
    """Write down how each part is started, by its name."""
    path = _launches_file(home)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    text = json.dumps({name: asdict(launch) for name, launch in launches.items()}, indent=1)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def read_launches(home: Path) -> dict[str, Launch]:
    """Return how each part is started, by its name."""
    return {
        name: Launch(**{**launch, "command": tuple(launch["command"])})
        for name, launch in json.loads(_launches_file(home).read_text()).items()
    }


def running_fingerprint(home: Path, name: str) -> str | None:
    """Return the fingerprint that a part was last started with; None: it never was."""
    try:
        return _fingerprint_file(home, name).read_text()
    except FileNotFoundError:
        return None


def main(arguments: list[str]) -> None:
    """Replace this process by a part.

    Args:
        arguments: The state directory, and the name of the part.
    """
    home, name = Path(arguments[0]), arguments[1]
    launch = read_launches(home)[name]
    stop_marked(find_marked(home, name), timeout=SECONDS_FOR_STRAGGLERS)
    _fingerprint_file(home, name).write_text(launch.fingerprint())
    os.chdir(launch.directory)
    if launch.os_user is not None:
        user = pwd.getpwnam(launch.os_user)
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    environment = {**launch.inherited, **launch.environment}
    os.execve(launch.command[0], list(launch.command), environment)  # noqa: S606


def _launches_file(home: Path) -> Path:
    return home / "supervisor" / "launches.json"


def _fingerprint_file(home: Path, name: str) -> Path:
    return home / "supervisor" / f"{name}.fingerprint"


if __name__ == "__main__":
    main(sys.argv[1:])
