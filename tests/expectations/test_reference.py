"""The reference page lists what is checked."""

from __future__ import annotations

from expectations.reference import PAGE, render


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == render(), "run `.venv/bin/python -m expectations.reference`"
