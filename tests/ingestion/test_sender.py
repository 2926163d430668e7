"""Who sends, written down so that an event in quarantine can be judged again as its sender's."""

from __future__ import annotations

import json

import pytest

from ingestion.sender import Sender
from warehouse.tokens import READER


@pytest.mark.parametrize(
    "sender",
    [
        Sender("shop", "shop"),
        Sender("shop", "shop", categories=frozenset({"product", "order"})),
        Sender("jwt", "jwt", frozenset(), user_id="u-17"),
        Sender("jwt", "jwt", frozenset({READER}), user_id='"\0'),
        Sender("anonymous", "web", frozenset()),
    ],
)
def test_a_sender_comes_back_from_what_is_written_down(sender: Sender) -> None:
    assert Sender.from_json(sender.as_json(), sender.source) == sender


def test_of_a_plain_key_no_more_is_written_down_than_its_name() -> None:
    assert json.loads(Sender("shop", "web").as_json()) == {"name": "shop"}
