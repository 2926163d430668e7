"""Structured logs: one JSON object to a line, with its request's id and nothing personal."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
logger = logging.getLogger(__name__)


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line: dict[str, object] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(
                timespec="milliseconds"
            ),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        current = request_id.get()
        if current is not None:
            line["request_id"] = current
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            line["exceptions"] = list(_describe(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False)


def configure_logs(level: str) -> None:
    """Send the logs of this process to standard error as JSON lines.

    Args:
        level: Least severe level that is logged.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def log_lost_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an exception that nobody caught; asyncio's own handler would quote it.

    Args:
        loop: Where it happened.
        context: What asyncio says of it.
    """
    logger.error("nobody caught an exception", exc_info=context.get("exception"))


def _describe(error: BaseException) -> Iterator[dict[str, object]]:
    """Yield where an exception came from, and then the same of what led to it.

    Messages are left out: those of Postgres, of decoders and of many others quote what was sent.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)
        yield {
            "type": f"{type(current).__module__}.{type(current).__qualname__}",
            "sqlstate": getattr(current, "sqlstate", None),
            "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        }
        current = current.__cause__ or current.__context__
