"""The API reference: an OpenAPI document from the catalogue, the dialects and the settings.

It is OpenAPI 3.0, for the Swagger UI that ``swagger-ui-bundle`` brings shows no later one.
"""

from ingestion.openapi.document import describe_api
from ingestion.openapi.event_types import describe_event_type, example

__all__ = ["describe_api", "describe_event_type", "example"]
