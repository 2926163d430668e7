"""Reading foreign events: what is known is taken out by name, what is left are properties."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec

from ingestion.event import Incoming
from ingestion.plan import CONTEXT_FIELDS
from ingestion.request import Request
from ingestion.verdict import QuarantineError
from warehouse.bounds import LARGEST_NUMBER

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text = msgspec.json.Decoder(str)
_identifier = msgspec.json.Decoder(str | int)
_number = msgspec.json.Decoder(Decimal)
_flag = msgspec.json.Decoder(bool)
_moment = msgspec.json.Decoder(str | int | float)
_encoder = msgspec.json.Encoder(decimal_format="number")
_NULL = b"null"
_DISTINCT = 4_096
_LONGEST_USUAL = 100  # characters of a name
_WORD_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SECOND_WORD = re.compile(r"_([a-z0-9])")
# Digits enough for any product of two numbers that an event may have; too large is infinite.
_EXACT = Context(prec=200, traps=[])

# Context under the names that senders give it; those that mean something else to one of them it
# leaves out.
CONTEXT_NAMES: Mapping[str, str] = {
    **{name: name for name in CONTEXT_FIELDS},
    "ip_address": "ip",
    "referer": "referrer",
}


class Fields:
    """The fields of a foreign event, or of an object in it.

    A field that is null counts as absent. In camel case, fields are asked for in snake case and
    found in both.
    """

    def __init__(
        self, raws: Mapping[str, msgspec.Raw], path: str = "", *, camel: bool = False
    ) -> None:
        """Hold the fields.

        Args:
            raws: Their JSON, by name.
            path: Where the object stands in the event; empty: it is the event.
            camel: Whether the sender writes names in camel case.
        """
        self._path = path
        self._camel = camel
        # by name as it is asked for: where it stands in the event, and its JSON
        self._fields = {
            (snake_case(name) if camel else name): (path + name, raw) for name, raw in raws.items()
        }

    @classmethod
    def of(cls, raw: bytes, *, camel: bool = False) -> Fields:
        """Return the fields of an event.

        Raises:
            msgspec.DecodeError: It is no JSON object; so too ``UnicodeDecodeError``.
        """
        return cls(_object.decode(raw), camel=camel)

    def __contains__(self, name: str) -> bool:
        return name in self._fields and bytes(self._fields[name][1]) != _NULL

    def text(self, *names: str) -> str | None:
        """Take a text, under the first of its names that is there."""
        found: str | None = self._take(names, _text, "a string")
        return found

    def identifier(self, *names: str) -> str | int | None:
        """Take an id."""
        found: str | int | None = self._take(names, _identifier, "a string or an integer")
        return found

    def choice(self, name: str, choices: Collection[str]) -> str | None:
        """Take a text that is one of some; any other is left where it is."""
        raw = self._fields[name][1] if name in self else b""
        if bytes(raw)[:1] != b'"' or (text := _text.decode(raw)) not in choices:
            return None
        del self._fields[name]
        return text

    def needed_text(self, name: str, what: str) -> str:
        """Take a text that the event cannot do without.

        Args:
            name: Its name.
            what: What to send, for the reason.
        """
        return self.text(name) or self._missing(name, what)

    def needed_identifier(self, name: str, what: str) -> str | int:
        """Take an id that the event cannot do without, as :meth:`needed_text` does."""
        found = self.identifier(name)
        if found is None or found == "":
            self._missing(name, what)
        return found

    def number(self, *names: str) -> Decimal | None:
        """Take a number, with every digit; one in quotes is one too."""
        place = self.place(names[0])
        found: Decimal | None = self._take(names, _number, "a number")
        if found is not None and not found.is_finite():
            raise _wrong_type(place, "a finite number")
        return found

    def flag(self, *names: str) -> bool | None:
        """Take a truth value."""
        found: bool | None = self._take(names, _flag, "true or false")
        return found

    def moment(self, *names: str) -> str | int | float | None:
        """Take a time, as text or as a number, not yet looked into."""
        found: str | int | float | None = self._take(names, _moment, "a time")
        return found

    def object(self, *names: str) -> Fields:
        """Take an object; one that is absent has no fields."""
        place = self.place(next((name for name in names if name in self), names[0]))
        found: dict[str, msgspec.Raw] | None = self._take(names, _object, "an object")
        return Fields(found or {}, f"{place}.", camel=self._camel)

    def contexts(self, *ignored: str, **names: str) -> dict[str, str]:
        """Take what belongs into the context, as far as it is text.

        Args:
            ignored: Names that mean something else to this sender.
            names: Further names, with the context's own for each.
        """
        known = {**CONTEXT_NAMES, **names}
        found = {}
        for name in [name for name in self._fields if name in known and name not in ignored]:
            if bytes(self._fields[name][1])[:1] == b'"':
                found[known[name]] = _text.decode(self._fields.pop(name)[1])
        return found

    def absorb(self, *names: str) -> None:
        """Take an object, and treat its fields as if they stood here; those that do come first."""
        inner = self.object(*names)._fields
        own = {name: field for name, field in self._fields.items() if name in self}
        self._fields = {**inner, **own}

    def rest(self) -> dict[str, msgspec.Raw]:
        """Return what nobody took, by name."""
        return {name: raw for name, (_, raw) in self._fields.items()}

    def place(self, name: str) -> str:
        """Return where a field stands in the event, as its sender writes it."""
        if name in self._fields:
            return self._fields[name][0]
        return self._path + (camel_case(name) if self._camel else name)

    def _take(self, names: tuple[str, ...], decoder: msgspec.json.Decoder[Any], kind: str) -> Any:
        found = None
        for name in names:
            field = self._fields.pop(name, None)
            if field is None or found is not None or bytes(field[1]) == _NULL:
                continue
            try:
                found = decoder.decode(field[1])
            except msgspec.ValidationError as error:
                raise _wrong_type(field[0], kind) from error
        return found

    def _missing(self, name: str, what: str) -> NoReturn:
        place = self.place(name)
        raise QuarantineError("missing_field", place, f"{place} is missing: send {what}")


def begin(
    fields: Fields,
    category: str,
    event_type: str,
    *,
    id_name: str = "event_id",
    times: tuple[str, ...] = ("timestamp",),
) -> Incoming:
    """Return an event with what senders of every format may say of it.

    Args:
        fields: Its fields, out of which these are taken.
        category: Its category.
        event_type: Its type.
        id_name: Field of its idempotency key.
        times: Fields that may say when it happened.
    """
    return Incoming(
        event_id=fields.identifier(id_name),
        category=category,
        event_type=event_type,
        occurred_at=fields.moment(*times),
        consent=fields.text("consent"),
    )


def finish(
    incoming: Incoming, context: Mapping[str, str | None], properties: Mapping[str, object]
) -> Incoming:
    """Put context and properties into an event, less what is null, and return it.

    The path of a page follows from its address.
    """
    url = context.get("page_url")
    if url and not context.get("page_path"):
        context = {**context, "page_path": _path_of(url)}
    incoming.context = _pack(context)
    incoming.properties = _pack(properties)
    return incoming


def check_claim(incoming: Incoming, request: Request) -> None:
    """Hold an event against its sender, where the sender's session alone says who it is.

    Raises:
        QuarantineError: Nobody says which user did something.
    """
    if request.sender.is_anonymous and incoming.user_id not in (None, ""):
        raise QuarantineError(
            "not_yours",
            "user_id",
            "user_id is only for those who say who they are: leave it out, or send a token or a "
            "write key",
        )


def take_money(fields: Fields, incoming: Incoming) -> Decimal | None:
    """Take price, quantity and currency, and return the price.

    Price times quantity is the event's value, where that is not given.

    Raises:
        QuarantineError: One of them is not what it must be.
    """
    place = fields.place("price")
    price = fields.number("price")
    if price is not None and abs(price) > LARGEST_NUMBER:
        raise QuarantineError(
            "number_out_of_range",
            place,
            f"{place} must lie between {-LARGEST_NUMBER:g} and {LARGEST_NUMBER:g}: check how it is "
            "computed",
        )
    incoming.quantity = fields.number("quantity")
    incoming.currency = fields.text("currency")
    incoming.value = fields.number("value")
    if incoming.value is None and price is not None:
        quantity = incoming.quantity
        incoming.value = price if quantity is None else _EXACT.multiply(price, quantity)
    return price


def _wrong_type(place: str, kind: str) -> QuarantineError:
    return QuarantineError("wrong_type", place, f"{place} must be {kind}: send it as {kind}")


def snake_case(name: str) -> str:
    """Return a name in snake case.

    >>> snake_case("pageURL"), snake_case("scrollDepth"), snake_case("user_id")
    ('page_url', 'scroll_depth', 'user_id')
    """
    return _usual_snake_case(name) if len(name) <= _LONGEST_USUAL else _snake_case(name)


def _snake_case(name: str) -> str:
    return _WORD_BORDER.sub("_", name).lower()


_usual_snake_case = lru_cache(_DISTINCT)(_snake_case)


@lru_cache(_DISTINCT)
def camel_case(name: str) -> str:
    """Return a name that is in snake case in camel case.

    >>> camel_case("scroll_depth")
    'scrollDepth'
    """
    return _SECOND_WORD.sub(lambda match: match[1].upper(), name)


def _path_of(url: str) -> str | None:
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return None


def _pack(values: Mapping[str, object]) -> msgspec.Raw:
    return msgspec.Raw(
        _encoder.encode({name: value for name, value in values.items() if value is not None})
    )
