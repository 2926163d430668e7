"""What is in the way of a start is named, with the remedy."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from rich.console import Console

from stack import up
from stack.processes import find_marked
from stack.progress import Progress
from stack.up import bring_up, only_one
from warehouse.errors import OperatorError


@pytest.fixture
def progress() -> Progress:
    return Progress(Console(quiet=True))


def test_a_port_in_use_is_named_with_its_part_its_user_and_its_variable(
    home: Path, progress: Progress
) -> None:
    port = int(os.environ["FOOTFALL_SERVING_PORT"])
    with socket.create_server(("127.0.0.1", port)), pytest.raises(OperatorError) as caught:
        bring_up(progress)

    message = str(caught.value)
    assert f"Port {port}, which serving needs, is in use by" in message
    assert f"(pid {os.getpid()})" in message
    assert "FOOTFALL_SERVING_PORT=<port> make up" in message
    assert find_marked(home) == []


def test_two_starts_at_once_are_refused(home: Path, progress: Progress) -> None:
    with only_one(home), pytest.raises(OperatorError, match="Another `up` or `down` is at work"):
        bring_up(progress)


def test_a_full_disk_is_named_before_anything_is_started(
    home: Path, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "LEAST_FREE_BYTES", 10**18)

    with pytest.raises(OperatorError, match=r"The disk of .* has \d+ MB left"):
        bring_up(progress)
    assert find_marked(home) == []
