"""The error that a person can act on."""

from __future__ import annotations


class OperatorError(RuntimeError):
    """Something that the operator can mend; its message says what is wrong and what to do.

    The `footfall` command prints the message alone, without a traceback, and exits with status 1.
    """
