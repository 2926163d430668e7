"""Building blocks of JSON schemas, as OpenAPI 3.0 has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingestion.limits import MAX_ENTITY_ID_BYTES
from ingestion.plan import LONGEST_NAME, SNAKE_CASE
from warehouse.bounds import LARGEST_NUMBER
from warehouse.numbers import LARGEST

Json = dict[str, Any]


def nullable(schema: Json) -> Json:
    """Return a schema that takes null as well, which OpenAPI 3.0 says beside a type alone."""
    if "enum" in schema:
        schema = {**schema, "enum": [*(one for one in schema["enum"] if one is not None), None]}
    if "anyOf" in schema:
        first, *others = schema["anyOf"]
        return {**schema, "anyOf": [{**first, "nullable": True}, *others]}
    return {**schema, "nullable": True}


NUMBER: Json = {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}
IDENTIFIER: Json = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
ID = nullable(IDENTIFIER)
KEY: Json = {**ID, "description": "Idempotency key: sent again under it, an event counts once."}
DECIMAL: Json = {
    "anyOf": [NUMBER, {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,20})?$"}]
}
AMOUNT = nullable(DECIMAL)
TIME: Json = {
    "anyOf": [
        {"type": "string", "format": "date-time"},
        # seconds since 1970 from 1990 on, or milliseconds up to the year 9999
        {"type": "number", "minimum": 631_152_000, "maximum": 253_402_300_799_999},
        {"type": "string", "maxLength": 0, "description": "As if there were none."},
    ]
}
STRING: Json = {"type": "string"}
TEXT: Json = {"type": "string", "nullable": True}
CURRENCY: Json = {"type": "string", "nullable": True, "pattern": "^([A-Za-z]{3})?$"}
FLAG: Json = {"type": "boolean"}
MOMENT: Json = {"type": "string", "format": "date-time"}
UUID: Json = {"type": "string", "format": "uuid"}
COUNT: Json = {"type": "integer", "minimum": 0, "maximum": LARGEST_NUMBER}
NUMBERED: Json = {"type": "integer", "minimum": 0, "maximum": LARGEST}  # by warehouse.numbers
NOTHING: Json = {"type": "string", "nullable": True, "enum": [None]}
SNAKE_NAME: Json = {
    "type": "string",
    "pattern": f"^{SNAKE_CASE.pattern}$",
    "maxLength": LONGEST_NAME,
}
ANY_OBJECT: Json = {"type": "object"}


def ref(name: str) -> Json:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def whole(**properties: Json) -> Json:
    """Return the schema of an object that has all of these properties, and maybe others."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def exact(**properties: Json) -> Json:
    """Return the schema of an object that has all of these properties, and no others."""
    return {**whole(**properties), "additionalProperties": False}


def open_object(required: Sequence[str], **properties: Json) -> Json:
    """Return the schema of an object that may have these properties and any others."""
    schema: Json = {"type": "object", "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def given_id(description: str, example: str | int) -> Json:
    """Return the schema of an id that has to be sent.

    Args:
        description: Whose id.
        example: One.
    """
    text: Json = {"type": "string", "minLength": 1, "maxLength": MAX_ENTITY_ID_BYTES}
    return {"anyOf": [text, {"type": "integer"}], "description": description, "example": example}
