"""The options by which `footfall quarantine` is told which events are meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ingestion.quarantine.selection import Selection
from stack.moments import parse_moment

Ids = Annotated[
    list[int] | None,
    typer.Argument(metavar="ID...", help="Numbers of events, as `list --each` shows them."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")]


def takes_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of :func:`filters`; it gets what they say as ``selection``."""
    own = inspect.signature(command, eval_str=True).parameters
    given = inspect.signature(filters, eval_str=True).parameters

    def wrapped(**values: Any) -> None:
        chosen = filters(**{name: values.pop(name) for name in given})
        command(selection=chosen, **values)

    parameters = [one for name, one in own.items() if name != "selection"] + list(given.values())
    keyword = inspect.Parameter.KEYWORD_ONLY
    wrapped.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [one.replace(kind=keyword) for one in parameters]
    )
    wrapped.__name__ = command.__name__
    wrapped.__doc__ = command.__doc__
    return wrapped


def filters(
    *,
    reason: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Reason, such as wrong_type. Repeatable, as all these."),
    ] = None,
    source: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Whose events.")] = None,
    category: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Category.")] = None,
    event_type: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Event type: product/view, or view of any category."),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Offending field, such as properties.price."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Received then or later, as 2026-11-21.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Received before.")] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="At most so many.")] = None,
) -> Selection:
    """Return the events that the options mean: those that are open, and as all of them say."""
    return Selection(
        reasons=reason or (),
        sources=source or (),
        categories=category or (),
        event_types=event_type or (),
        fields=field or (),
        since=None if since is None else parse_moment("--since", since),
        until=None if until is None else parse_moment("--until", until),
        limit=limit,
    )


def narrow(selection: Selection, ids: list[int] | None, *, everything: bool = False) -> Selection:
    """Return a selection together with the numbers that were given.

    Args:
        selection: What the filters say.
        ids: The numbers.
        everything: Whether all events were asked for.

    Raises:
        typer.BadParameter: Nothing at all was said.
    """
    chosen = selection._replace(ids=ids or ())
    if chosen.is_everything and not everything:
        raise typer.BadParameter(
            "say which events: by their numbers, by filters such as --reason, or by --all"
        )
    return chosen
