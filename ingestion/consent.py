"""Whether an event may be kept at all: consent, and what a person's browser asks for."""

from __future__ import annotations

from ingestion.catalogue import EventType
from ingestion.event import Incoming
from ingestion.verdict import QuarantineError, Reason
from warehouse.settings import Settings

GRANTED = "granted"
DENIED = "denied"
CONSENTS = (GRANTED, DENIED)

_NO_CONSENT = Reason(
    "no_consent", "consent", "FOOTFALL_CONSENT is opt_in, and nobody has consented"
)
_CONSENT_DENIED = Reason("consent_denied", "consent", "the person has denied consent")
_DO_NOT_TRACK = Reason(
    "do_not_track",
    None,
    "the person's browser asks not to be tracked (DNT or Sec-GPC), and no consent was granted",
)
_ANONYMOUS = Reason(
    "anonymous_not_tracked", "user_id", "FOOTFALL_TRACK_ANONYMOUS is false, and there is no user id"
)


class Consent:
    """What the settings ask of personal events; others need nothing.

    Attributes:
        asks: Whether they ask for anything of events whose request does not ask not to be tracked.
    """

    def __init__(self, settings: Settings) -> None:
        self._mode = settings.consent
        self._honours_signals = settings.privacy_signals == "honour"
        self._tracks_anonymous = settings.track_anonymous
        self.asks = self._mode != "off" or not self._tracks_anonymous

    def objection(self, incoming: Incoming, *, objects: bool, is_anonymous: bool) -> Reason | None:
        """Return why a personal event must not be kept; None where it may be.

        Args:
            incoming: What is known of it.
            objects: Whether its request asks not to be tracked.
            is_anonymous: Whether nobody says which user it is of.
        """
        consent = incoming.consent
        if self._mode != "off" and consent == DENIED:
            return _CONSENT_DENIED
        if self._mode == "opt_in" and consent != GRANTED:
            return _NO_CONSENT
        if objects and self._honours_signals and consent != GRANTED:
            return _DO_NOT_TRACK
        if is_anonymous and not self._tracks_anonymous:
            return _ANONYMOUS
        return None


def is_personal(kind: EventType | None) -> bool:
    """Return whether events of a type tell of a person; those of an unknown type may."""
    return kind is None or bool(kind.spec.personal)


def check_consent(given: str | None) -> None:
    """Hold an event's consent against the values that it may have.

    Raises:
        QuarantineError: It is another.
    """
    if given is not None and given not in CONSENTS:
        raise QuarantineError(
            "unexpected_value", "consent", f"consent must be one of: {', '.join(CONSENTS)}"
        )
