"""The channels by which alerts reach people: whatever Apprise can send to, by URL."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.errors import OperatorError
from warehouse.settings import Settings

if TYPE_CHECKING:
    from apprise import Apprise

SEND_SECONDS = 30


class WrongChannelError(OperatorError):
    """A URL of the setting is none that Apprise knows; the message says which, without secrets."""


@dataclass(frozen=True)
class Channel:
    """Where alerts are sent.

    Attributes:
        name: Its URL without secrets and options; what ``ops.deliveries`` knows it by.
        service: What kind of service it is, such as ``E-Mail``.
    """

    name: str
    service: str
    _apprise: Apprise

    def send(self, title: str, body: str, *, is_bad_news: bool) -> str | None:
        """Send a message, within :data:`SEND_SECONDS`.

        Args:
            title: A line.
            body: Plain text.
            is_bad_news: Whether services that know colours show it as a failure.

        Returns:
            Why it was not delivered; None where it was.
        """
        from apprise import NotifyFormat, NotifyType

        result = self._apprise.notify(
            body,
            title,
            NotifyType.FAILURE if is_bad_news else NotifyType.SUCCESS,
            body_format=NotifyFormat.TEXT,
            timeout=SEND_SECONDS,
            log_level=logging.WARNING,
        )
        if result:
            return None
        said = [entry.message.strip() for entry in result.logs()]
        return "; ".join(dict.fromkeys(said)) or f"{self.service} did not take it"


def open_channels(settings: Settings) -> list[Channel]:
    """Return the channels of the setting ``alert_channels``, in its order.

    Raises:
        WrongChannelError: A URL is none that Apprise knows.
    """
    if settings.alert_channels is None:
        return []
    urls = settings.alert_channels.get_secret_value().split()
    if not urls:
        return []
    channels: list[Channel] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own use of modules that will go
        import apprise

        for position, url in enumerate(urls, start=1):
            service = apprise.Apprise.instantiate(url)
            if service is None:
                raise WrongChannelError(
                    f"FOOTFALL_ALERT_CHANNELS: URL {position} of {len(urls)} "
                    f"({url.partition('://')[0]}://…) is none that Apprise knows, or lacks a part; "
                    "https://appriseit.com/services/ has the form of each service"
                )
            sender = apprise.Apprise()
            sender.add(service)
            url_shown: str = service.url(privacy=True)  # type: ignore[no-untyped-call]
            name = _free(url_shown.partition("?")[0], channels)
            channels.append(Channel(name, str(service.service_name), sender))
    return channels


def _free(name: str, taken: Sequence[Channel]) -> str:
    alike = sum(other.name.partition("#")[0] == name for other in taken)
    return f"{name}#{alike + 1}" if alike else name
