"""What may be wrong with the files and programs of an installation."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stack.doctor.subject import Check, Problem, Subject
from stack.parts import define_parts
from stack.processes import who_listens
from stack.state import State
from stack.supervise import Supervisor
from warehouse.amounts import size
from warehouse.hosts import is_loopback
from warehouse.settings import ENV_FILE, ENV_PREFIX, PROJECT_ROOT, Settings

LEAST_FREE_BYTES = 2_000_000_000
LEAST_FREE_SHARE = 0.05
LONGEST_SPOOLED_SECONDS = 600
OLDEST_PLACES_DAYS = 100
_LOCK_FILE = PROJECT_ROOT / "requirements.txt"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)
_FIRST = ("dbt-core", "dbt-postgres", "great-expectations", "apache-airflow")


def secrets_are_private(subject: Subject) -> Iterator[Problem]:
    """Find secrets that others can read, or that are missing."""
    path = subject.home / ENV_FILE
    if not path.exists():
        return  # all is in the environment, as in containers
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        yield Problem(
            f"{path} holds passwords, and others may read it (mode {mode:04o})",
            f"chmod 600 {path}; then change what others may have read",
        )
    if subject.settings.privacy_secret is None:
        yield Problem(
            "FOOTFALL_PRIVACY_SECRET is missing, so that nobody stays erased",
            "put it back from a backup of footfall.env; `make up` makes another where there was "
            "none",
        )


def settings_are_known(subject: Subject) -> Iterator[Problem]:
    """Find settings that do nothing, and one that opens a door."""
    known = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in subject.values:
        if name.startswith(ENV_PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            yield Problem(
                f"{name} in {ENV_FILE} is no setting, and does nothing",
                f"is {near[0]} meant?" if near else "take it out; `footfall settings list` has all",
            )
    if subject.settings.anonymous_source and not is_loopback(subject.settings.bind_host):
        yield Problem(
            f"whoever reaches {subject.settings.bind_host} may send events without a key, as "
            f"{subject.settings.anonymous_source}",
            "footfall settings set anonymous_source ''",
        )


def catalogue_can_be_read(subject: Subject) -> Iterator[Problem]:
    """Find what is wrong with the catalogue."""
    from ingestion.plan import PlanError, examine_plan

    try:
        _, problems = examine_plan(subject.settings.catalog_dir)
    except PlanError as error:
        yield Problem(str(error), "point FOOTFALL_CATALOG_DIR to the directory of the catalogue")
        return
    for problem in problems:
        yield Problem(f"the catalogue is wrong: {problem}", "footfall catalogue check")


def packages_are_locked(_: Subject, lock_file: Path = _LOCK_FILE) -> Iterator[Problem]:
    """Find packages of other versions than the lock file has; dbt and the like first."""
    wrong = {}
    for name, pinned in _PIN.findall(lock_file.read_text(encoding="utf-8")):
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "none"
        if installed != pinned:
            wrong[name] = f"{name} is {installed}, and should be {pinned}"
    first = [wrong.pop(name) for name in _FIRST if name in wrong]
    told = [*first, *wrong.values()]
    if told:
        more = f"; so are {len(told) - 5} more" if len(told) > 5 else ""
        yield Problem("; ".join(told[:5]) + more, "make environment")


def disk_has_room(subject: Subject) -> Iterator[Problem]:
    """Find a disk that is nearly full."""
    disk = shutil.disk_usage(subject.home)
    if disk.free < LEAST_FREE_BYTES or disk.free < LEAST_FREE_SHARE * disk.total:
        yield Problem(
            f"the disk of {subject.home} has {size(disk.free)} of {size(disk.total)} left",
            "free some space; `footfall retention --dry-run` tells what could go",
        )


def parts_run(subject: Subject) -> Iterator[Problem]:
    """Find parts that do not do their work, and ports that somebody else has."""
    from stack.health import find_problems

    if not subject.values:
        return  # in containers something else sees to the parts
    state = State(subject.home, subject.values, subject.settings, is_new=False)
    parts = define_parts(state)
    supervisor = Supervisor(subject.home)
    running = supervisor.running()
    if supervisor.pid() is None:
        yield Problem("the supervisor does not run, so that nothing does its work", "make up")
    for part in parts:
        holder = who_listens(part.port) if part.port and part.name not in running else None
        if holder:
            yield Problem(
                f"port {part.port}, which {part.name} needs, is in use by {holder}",
                f"stop that program, or choose another port: {part.port_variable}=<port> make up",
            )
    if supervisor.pid() is not None:
        for name, reason in find_problems(state, parts, supervisor).items():
            if reason:
                yield Problem(
                    f"{name}: {reason}", f"look into {supervisor.log(name)}, then `make up`"
                )


def spool_is_empty(subject: Subject) -> Iterator[Problem]:
    """Find events that wait for long in the spool, and what could not be read of it."""
    spool = subject.settings.spool_dir or subject.home / "spool"
    if not spool.is_dir():
        return
    if spool.stat().st_mode & 0o077:
        yield Problem(f"others may read the spool {spool}", f"chmod 700 {spool}")
    damaged = sum(1 for _ in spool.glob("damaged/*"))
    if damaged:
        yield Problem(
            f"{damaged:,} files in {spool / 'damaged'} could not be read; acknowledged events may "
            "be among them",
            "look for the cause in the disk, ask senders to send that time's events again, then "
            "delete the files",
        )
    before = subject.now.timestamp() - LONGEST_SPOOLED_SECONDS
    waiting = [path for path in spool.glob("*.segment") if path.stat().st_mtime < before]
    if waiting:
        yield Problem(
            f"{sum(path.stat().st_size for path in waiting):,} bytes have waited in the spool for "
            "more than ten minutes",
            "bring Postgres back, and let ingestion run: it lands them",
        )


def places_are_current(subject: Subject) -> Iterator[Problem]:
    """Find a database of places that is missing, unreadable or old."""
    import maxminddb

    chosen = subject.settings.geoip_database
    folder = chosen or subject.home / "geo"
    files = sorted(folder.glob("*.mmdb")) if folder.is_dir() else [folder]
    if chosen is None:
        files = [path for path in files if path.is_file()]
    remedy = "footfall geo install" if chosen is None else "put a current file there"
    for path in files:
        try:
            with maxminddb.open_database(path) as reader:
                days = int((subject.now.timestamp() - reader.metadata().build_epoch) // 86400)
        except (OSError, ValueError, maxminddb.InvalidDatabaseError):
            yield Problem(f"the database of places {path} cannot be read", remedy)
            continue
        if days > OLDEST_PLACES_DAYS:
            yield Problem(f"the database of places {path.name} is {days:,} days old", remedy)


CHECKS = (
    Check("secrets are private", secrets_are_private),
    Check("settings are known", settings_are_known),
    Check("the catalogue can be read", catalogue_can_be_read),
    Check("packages are those of the lock file", packages_are_locked),
    Check("the disk has room", disk_has_room),
    Check("all parts run, and have their ports", parts_run),
    Check("nothing waits in the spool", spool_is_empty),
    Check("the database of places is current", places_are_current),
)
