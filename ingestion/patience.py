"""An end to waiting for senders that are too slow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")

_LOOK_SECONDS = 0.5


class Patience:
    """Waits, but not for ever.

    A timer for each request would cost a twentieth of what the whole request does: one look every
    now and then at all that wait costs nothing.
    """

    def __init__(self) -> None:
        self._due: dict[asyncio.Task[object], float] = {}
        self._is_looking = False

    async def wait(self, awaitable: Awaitable[Result], seconds: float) -> Result:
        """Await something.

        Args:
            awaitable: What a task other than this one will complete.
            seconds: How long it may take, to within half a second.

        Raises:
            TimeoutError: It took longer, and was cancelled.
        """
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        due = self._due[task] = loop.time() + seconds
        if not self._is_looking:
            self._is_looking = True
            loop.call_later(_LOOK_SECONDS, self._look, loop)
        try:
            return await awaitable
        except asyncio.CancelledError:
            if loop.time() < due:
                raise
            task.uncancel()
            raise TimeoutError from None
        finally:
            del self._due[task]

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for task, due in self._due.items():
            if due <= now:
                task.cancel()
        self._is_looking = bool(self._due)
        if self._is_looking:
            loop.call_later(_LOOK_SECONDS, self._look, loop)
