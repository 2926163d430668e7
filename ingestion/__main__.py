"""Runs ingestion: ``python -m ingestion``."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from typing import NoReturn

import uvloop
from granian.http import HTTP1Settings
from granian.server.embed import Server
from pydantic import ValidationError

from ingestion.app import Ingestion
from ingestion.logs import configure_logs, log_lost_exception
from warehouse.errors import OperatorError
from warehouse.settings import MissingSettingError, Settings, explain_invalid, load_settings

_STOP_SECONDS = 10  # longer than it takes to land or spool what has arrived


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then land or spool what was accepted, answer it, and return.

    Requests that have not arrived whole some seconds later are given up.

    Args:
        settings: Where to listen, and where Postgres is.

    Raises:
        PlanError: The catalogue is wrong.
        MissingSettingError: There is no DSN for ingestion.
    """
    ingestion = Ingestion(settings)
    server = Server(
        ingestion,
        address=settings.bind_host,
        port=settings.ingestion_port,
        interface="asgi",  # type: ignore[arg-type]
        backlog=1024,
        websockets=False,
        log_enabled=False,
        http1_settings=HTTP1Settings(header_read_timeout=30_000),
    )
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_lost_exception)
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    serving = asyncio.create_task(server.serve())
    telling = asyncio.create_task(told_to_stop.wait())
    await asyncio.wait([serving, telling], return_when=asyncio.FIRST_COMPLETED)
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait([serving], timeout=_STOP_SECONDS)
    if serving.done():
        serving.result()
    else:  # the server waits for senders that are too slow
        await ingestion.landing.drain()
        _end()


def main() -> None:
    """Run until told to stop; exit with status 1 and a message where the set-up is wrong."""
    try:
        settings = load_settings()
        configure_logs(settings.log_level)
        uvloop.run(serve(settings))
    except ValidationError as error:
        sys.exit(explain_invalid(error))
    except (OperatorError, MissingSettingError) as error:
        sys.exit(str(error))
    _end()


def _end() -> NoReturn:
    """End the process with status 0."""
    # Not by way of the interpreter's own end: a thread of the server that still asks for Python
    # then aborts the process, and a clean stop would look like a crash.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
