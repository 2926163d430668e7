"""Who may say which user did something, where no key is asked for."""

from __future__ import annotations

import pytest

from ingestion.dialect import Endpoint
from ingestion.dialects import marketplace, tracking
from ingestion.event import Incoming
from ingestion.request import Request
from ingestion.sender import Sender
from ingestion.verdict import QuarantineError

NOBODY = Sender("anonymous", "web", frozenset())
ENDPOINTS = (*marketplace.DIALECT.endpoints, *tracking.DIALECT.endpoints)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_who_does_not_say_who_it_is_names_no_user(endpoint: Endpoint) -> None:
    assert endpoint.check is not None
    request = Request(NOBODY, {}, "127.0.0.1")
    with pytest.raises(QuarantineError) as refused:
        endpoint.check(Incoming(user_id="ada"), request)
    assert refused.value.reason.code == "not_yours"
    endpoint.check(Incoming(session_id="s"), request)
    endpoint.check(Incoming(user_id="ada"), request._replace(sender=Sender("shop", "shop")))
