"""Runs ingestion: ``python -m ingestion``."""

from __future__ import annotations

import asyncio
import signal
import sys

import uvloop
from pydantic import ValidationError

from ingestion.app import Ingestion
from ingestion.logs import configure_logs, log_lost_exception
from ingestion.server.listener import Listener
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
        OperatorError: Nobody can listen there, or the spool cannot be used.
    """
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log_lost_exception)
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    ingestion = Ingestion(settings)
    listener = Listener(ingestion.handle, ingestion.refuse)
    async with ingestion.running():
        host, port = settings.bind_host, settings.ingestion_port
        try:
            await listener.start(host, port)
        except OSError as error:
            raise OperatorError(
                f"ingestion cannot listen on {host}, port {port}: {error.strerror or error}"
            ) from error
        await told_to_stop.wait()
        await listener.stop(_STOP_SECONDS)


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


if __name__ == "__main__":
    main()
