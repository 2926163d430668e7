"""The catalogue, the API reference, and a start that fails."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from ingestion.catalogue import Catalogue
from ingestion.dialects import DIALECTS
from ingestion.event import Incoming
from ingestion.openapi import describe_api
from ingestion.plan import read_plan
from tests.conftest import Warehouse
from tests.servers import PROJECT, RunningIngestion
from warehouse.settings import Settings


def get(ingestion: RunningIngestion, path: str) -> Any:
    """GET a JSON page that must be there."""
    answer = ingestion.client.get(ingestion.url + path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_catalogue_lists_every_event_type(ingestion: RunningIngestion) -> None:
    listed = {
        (kind["category"], kind["event_type"])
        for kind in get(ingestion, "/v1/catalogue")["event_types"]
    }
    assert listed == {
        (category, name) for category, spec in read_plan().items() for name in spec.event_types
    }


def test_the_openapi_document_describes_every_event_type_and_refers_to_nothing_missing(
    ingestion: RunningIngestion,
) -> None:
    document = get(ingestion, "/openapi.json")
    assert document["openapi"] == "3.0.3"
    schemas = document["components"]["schemas"]
    for reference in set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document))):
        assert reference in schemas
    for category, spec in read_plan().items():
        for name, kind in spec.event_types.items():
            fields = schemas[f"{category}.{name}"]["properties"]["properties"]["properties"]
            assert {f"properties.{field}" for field in fields} == {
                path for path in kind.fields if path.startswith("properties.")
            }


def test_the_openapi_document_knows_every_field_of_an_event(ingestion: RunningIngestion) -> None:
    schemas = get(ingestion, "/openapi.json")["components"]["schemas"]
    assert schemas["user.login"]["properties"].keys() == set(Incoming.__struct_fields__)
    assert "custom" not in schemas
    custom = describe_api(Catalogue(read_plan()), Settings(unknown_events="custom"))
    assert {"$ref": "#/components/schemas/custom"} in custom["components"]["schemas"]["Event"][
        "anyOf"
    ]


def test_every_path_is_in_the_openapi_document(ingestion: RunningIngestion) -> None:
    documented = get(ingestion, "/openapi.json")["paths"]
    for dialect in DIALECTS:
        for endpoint in dialect.endpoints:
            assert endpoint.method.lower() in documented[endpoint.path]
    for path, operations in documented.items():
        if "get" in operations:
            assert ingestion.client.get(ingestion.url + path).status_code == 200


def test_the_reference_comes_from_here_alone(ingestion: RunningIngestion) -> None:
    page = ingestion.client.get(f"{ingestion.url}/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 4
    for link in links:
        assert not link.startswith(("http", "//"))
        assert ingestion.client.get(f"{ingestion.url}/{link}").status_code == 200
    start = ingestion.client.get(f"{ingestion.url}/docs/start.js").text
    assert "validatorUrl: null" in start
    style = ingestion.client.get(f"{ingestion.url}/docs/assets/swagger-ui.css").text
    assert not re.search(r"url\(['\"]?(https?:)?//|@import", style)


def test_a_wrong_catalogue_stops_the_start_with_a_message(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    (tmp_path / "user.yaml").write_text("category: user")
    ended = subprocess.run(
        [sys.executable, "-m", "ingestion"],
        cwd=PROJECT,
        env={"FOOTFALL_CATALOG_DIR": str(tmp_path), "FOOTFALL_INGEST_DSN": "postgresql://x"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("user.yaml: ")
    assert "Traceback" not in ended.stderr
