"""Who takes alerts, for tests: an HTTP server and a mail server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.conftest import free_port


@dataclass
class Webhook:
    """A receiver of JSON over HTTP.

    Attributes:
        url: As a channel of Apprise.
        status: What it answers.
        seconds: How long it takes to answer.
        bodies: What it has taken.
    """

    url: str
    status: int = 200
    seconds: float = 0
    bodies: list[dict[str, Any]] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Run a receiver of JSON for the duration of a block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            receiver.stopping.wait(receiver.seconds)
            if receiver.status < 300:
                receiver.bodies.append(body)
            self.send_response(receiver.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Webhook(f"json://user:secret-word@127.0.0.1:{server.server_address[1]}/hook")
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield receiver
        finally:
            receiver.stopping.set()
            server.shutdown()
            serving.join()


@dataclass
class Mailbox:
    """A mail server that keeps what it is sent.

    Attributes:
        url: As a channel of Apprise.
        messages: What it has taken.
    """

    url: str
    messages: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a message."""
        assert isinstance(envelope.content, bytes)
        message = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 taken"


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """Run a mail server for the duration of a block."""
    port = free_port()
    mailbox = Mailbox(
        f"mailto://127.0.0.1:{port}?from=footfall@shop.example&to=ops@shop.example&mode=insecure"
    )
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
