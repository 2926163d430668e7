"""Small databases of places, in the MaxMind DB format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet

Record = Mapping[str, Any]

# the same place as each maker writes it
MAXMIND: Record = {
    "country": {"iso_code": "FR", "names": {"en": "France", "de": "Frankreich"}},
    "subdivisions": [{"names": {"en": "Brittany"}}, {"names": {"en": "Finistère"}}],
    "city": {"names": {"en": "Brest", "de": "Brest"}},
    "location": {"latitude": 48.4},
}
DB_IP_LITE: Record = {
    "country_code": "FR",
    "state1": "Brittany",
    "state2": "",
    "city": "Brest",
    "latitude": 48.4,
}
IPINFO: Record = {"country": "FR", "region": "Brittany", "city": "Brest"}
IPINFO_LITE: Record = {"country": "France", "country_code": "FR", "continent": "Europe"}


def write_mmdb(path: Path, networks: Mapping[str, Record], *, ip_version: int = 6) -> Path:
    """Write a file, as one.

    Args:
        path: Where to.
        networks: What it has of each network.
        ip_version: 4: of IPv4 addresses alone; 6: of both.
    """
    writer = MMDBWriter(ip_version, f"of tests, IPv{ip_version}", ipv4_compatible=ip_version == 6)
    for network, record in networks.items():
        writer.insert_network(IPSet([network]), dict(record))
    new = path.with_suffix(".new")
    writer.to_db_file(str(new))
    new.replace(path)
    return path
