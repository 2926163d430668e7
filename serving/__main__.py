"""``python -m serving``: serve until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from granian.constants import Interfaces
from granian.log import LogLevels

# One process: the server that forks workers leaves them behind, answering, when it is killed.
from granian.server.embed import Server
from pydantic import ValidationError

from serving.app import create_app
from warehouse.settings import MissingSettingError, Settings, explain_invalid, load_settings

log = logging.getLogger("serving")


def make_server(settings: Settings) -> Server:
    """Return a server of the application, for the event loop that runs now.

    Raises:
        MissingSettingError: A setting that serving needs is empty.
    """
    return Server(
        create_app(settings),
        address=settings.bind_host,
        port=settings.serving_port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_level=LogLevels.error,
    )


async def serve(settings: Settings) -> None:
    """Serve until the process is told to stop, then let running requests end."""
    server = make_server(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    log.info("serving listens on %s:%s", settings.bind_host, settings.serving_port)
    await server.serve()


def main() -> None:
    """Run serving with the settings of this process."""
    try:
        settings = load_settings()
        logging.basicConfig(
            level=settings.log_level.upper(),
            format="%(asctime)s %(levelname)s %(name)s %(message)s",
        )
        asyncio.run(serve(settings))
    except ValidationError as error:
        sys.exit(explain_invalid(error))
    except MissingSettingError as error:
        sys.exit(str(error))
    # Not by way of the interpreter's own end: a thread of the server that still asks for Python
    # then aborts the process, and a clean stop would look like a crash.
    logging.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
