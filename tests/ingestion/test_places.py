"""Country, region and city of an address, from whatever database there is."""

from __future__ import annotations

import shutil
import time
from ipaddress import ip_address
from pathlib import Path

import pytest

from ingestion import places
from ingestion.place_databases import Place, country_name
from ingestion.places import GEO_DIRECTORY, Places
from tests.conftest import Warehouse
from tests.ingestion.homes import Home
from tests.ingestion.ledger import page_view, stored
from tests.ingestion.mmdb import DB_IP_LITE, IPINFO, IPINFO_LITE, MAXMIND, Record, write_mmdb
from tests.servers import RunningIngestion

BREST = Place("France", "Brittany", "Brest")
NOWHERE = Place(None, None, None)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the files at every look-up."""
    monkeypatch.setattr(places, "_LOOK_SECONDS", 0)


def find(database: Places, address: str) -> Place:
    return database.find(ip_address(address))


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (MAXMIND, BREST),
        (DB_IP_LITE, BREST),
        (IPINFO, BREST),
        (IPINFO_LITE, Place("France", None, None)),
        ({"country": {"names": {"en": "Atlantis"}}}, Place("Atlantis", None, None)),
        ({"country_code": "", "city": "", "state1": ""}, NOWHERE),
        ({"registered_country": {"iso_code": "FR"}}, NOWHERE),
        ({"country": 7, "subdivisions": [], "city": {}}, NOWHERE),
    ],
)
def test_a_place_is_read_in_the_layout_of_each_maker(
    tmp_path: Path, record: Record, place: Place
) -> None:
    path = write_mmdb(tmp_path / "any.mmdb", {"203.0.113.0/24": record})
    assert find(Places(path, tmp_path), "203.0.113.7") == place
    assert find(Places(path, tmp_path), "203.0.114.7") == NOWHERE


def test_files_for_ipv4_and_ipv6_are_one_database(tmp_path: Path) -> None:
    write_mmdb(tmp_path / "4.mmdb", {"203.0.113.0/24": DB_IP_LITE}, ip_version=4)
    write_mmdb(tmp_path / "6.mmdb", {"2001:db8::/32": DB_IP_LITE})
    database = Places(tmp_path, tmp_path)
    assert find(database, "203.0.113.7") == BREST
    assert find(database, "2001:db8::7") == BREST
    assert find(database, "2001:db9::7") == NOWHERE


def test_without_a_database_the_countries_that_come_along_are_used(tmp_path: Path) -> None:
    database = Places(None, tmp_path)
    assert find(database, "8.8.8.8") == Place("United States", None, None)
    assert find(database, "2a02:8108::1") == Place("Germany", None, None)
    assert find(database, "10.0.0.1") == NOWHERE
    assert find(database, "203.0.113.7") == NOWHERE


def test_a_database_in_the_state_directory_is_used_by_itself(tmp_path: Path) -> None:
    database = Places(None, tmp_path)
    assert find(database, "203.0.113.7") == NOWHERE
    (tmp_path / GEO_DIRECTORY).mkdir()
    write_mmdb(tmp_path / GEO_DIRECTORY / "new.mmdb", {"203.0.113.0/24": MAXMIND})
    assert find(database, "203.0.113.7") == BREST
    shutil.rmtree(tmp_path / GEO_DIRECTORY)
    assert find(database, "203.0.113.7") == NOWHERE


def test_a_database_that_is_chosen_goes_before_the_one_in_the_state_directory(
    tmp_path: Path,
) -> None:
    (tmp_path / GEO_DIRECTORY).mkdir()
    write_mmdb(tmp_path / GEO_DIRECTORY / "any.mmdb", {"203.0.113.0/24": {"city": "Rennes"}})
    chosen = write_mmdb(tmp_path / "chosen.mmdb", {"203.0.113.0/24": MAXMIND})
    assert find(Places(chosen, tmp_path), "203.0.113.7") == BREST


def test_a_new_file_is_followed_and_no_old_answer_remembered(tmp_path: Path) -> None:
    path = write_mmdb(tmp_path / "any.mmdb", {"203.0.113.0/24": {"city": "Rennes"}})
    database = Places(path, tmp_path)
    assert find(database, "203.0.113.7").city == "Rennes"
    write_mmdb(path, {"203.0.113.0/24": MAXMIND})
    assert find(database, "203.0.113.7") == BREST


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "is not there"), (b"", "is no MaxMind DB file"), (b"x" * 99, "is no MaxMind DB file")],
)
def test_a_database_that_is_no_use_is_told_and_derives_nothing(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "any.mmdb"
    if content is not None:
        path.write_bytes(content)
    database = Places(path, tmp_path)
    assert find(database, "8.8.8.8") == NOWHERE
    assert why in str(database.state()[1])
    write_mmdb(path, {"8.8.8.0/24": MAXMIND})
    assert find(database, "8.8.8.8") == BREST
    assert database.state() == (
        f"of tests, IPv6 of {time.strftime('%Y-%m-%d', time.gmtime())}",
        None,
    )


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("US", "United States"),
        ("us", "United States"),
        ("GB", "United Kingdom"),
        ("TR", "Türkiye"),
        ("XK", "Kosovo"),
        ("ZZ", None),
        ("--", None),
        ("001", None),
        ("", None),
    ],
)
def test_a_country_has_its_english_name(code: str, name: str | None) -> None:
    assert country_name(code) == name


@pytest.mark.parametrize("mode", ["off", "truncated", "hashed", "full"])
def test_the_place_is_derived_from_the_whole_address_whatever_is_kept_of_it(
    following: RunningIngestion,
    landing_warehouse: Warehouse,
    home: Home,
    tmp_path: Path,
    mode: str,
) -> None:
    near, far = {"city": "Brest", "country_code": "FR"}, {"city": "Rennes", "country_code": "FR"}
    path = write_mmdb(tmp_path / "any.mmdb", {"203.0.113.7/32": near, "203.0.113.8/32": far})
    home.write(FOOTFALL_IP_ADDRESSES=mode, FOOTFALL_GEOIP_DATABASE=path)
    batch = [page_view(context={"ip": f"203.0.113.{n}"}) for n in (7, 8)]
    following.verdicts(batch)
    contexts = [stored(landing_warehouse, event["event_id"])["context"] for event in batch]
    assert [context["city"] for context in contexts] == ["Brest", "Rennes"]
    assert {context["country"] for context in contexts} == {"France"}
    assert ("ip" in contexts[0]) == (mode != "off")


def test_health_says_which_database_is_in_force_and_why_not(
    following: RunningIngestion, home: Home, tmp_path: Path
) -> None:
    def geo() -> dict[str, str]:
        health = following.client.get(f"{following.url}/health/")
        assert health.status_code == 200
        found: dict[str, str] = health.json()["dependencies"]["geo"]
        return found

    home.write(FOOTFALL_DEMO="false")
    assert geo()["status"] == "healthy"
    assert "regional registries" in geo()["database"]
    home.write(FOOTFALL_GEOIP_DATABASE=tmp_path / "missing.mmdb")
    assert following.statuses(page_view(context={"ip": "8.8.8.8"})) == ["stored"]
    assert geo()["status"] != "healthy"
    assert "missing.mmdb is not there" in geo()["reason"]
    assert str(tmp_path) not in geo()["reason"]


def test_ingestion_stays_small_with_all_that_it_derives(
    warehouse: Warehouse, ingestion: RunningIngestion
) -> None:
    batch = [page_view(context={"ip": f"8.8.{n // 250}.{n % 250}"}) for n in range(5_000)]
    assert set(ingestion.statuses(batch)) == {"stored"}
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.{}"
    batch = [page_view(context={"user_agent": agent.format(n)}) for n in range(5_000)]
    assert set(ingestion.statuses(batch)) == {"stored"}
    with open(f"/proc/{ingestion.process.pid}/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert peak < 200_000  # kB
