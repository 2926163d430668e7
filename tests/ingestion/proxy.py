"""A TCP proxy before Postgres: it can lose an answer, as a network that breaks, or be slow."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer


class Proxy(ThreadingTCPServer):
    """A proxy on a free port of 127.0.0.1."""

    def __init__(self, server_port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.server_port = server_port
        self.unwanted: bytes | None = None
        self.delay_seconds = 0.0

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def lose_answer(self, text: bytes) -> None:
        """Cut the connection on which the server next answers with a text, instead of that."""
        self.unwanted = text


class _Connection(BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        """Pass on what both sides say until one hangs up."""
        client: socket.socket = self.request
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.server.server_port)) as server,
        ):
            while True:
                for source in select.select([client, server], [], [])[0]:
                    data = source.recv(65_536)
                    if source is server and self.server.unwanted and self.server.unwanted in data:
                        self.server.unwanted = None
                        return
                    if not data:
                        return
                    time.sleep(self.server.delay_seconds)
                    (client if source is server else server).sendall(data)


@contextmanager
def proxy_before(server_port: int) -> Iterator[Proxy]:
    """Run a proxy before a server on 127.0.0.1 for the duration of the block."""
    with Proxy(server_port) as proxy:
        serving = threading.Thread(target=proxy.serve_forever)
        serving.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            serving.join()
