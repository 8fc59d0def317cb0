"""Trying again where another session was in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
    wait_fixed,
)

T = TypeVar("T")

# The same may go well next time: somebody held a lock for long, or the server broke a deadlock.
PASSING = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
_ATTEMPTS = 5
_PAUSE = 0.3  # seconds, doubled each time where the attempts are few


def patiently(work: Callable[[], T], *, seconds: float | None = None) -> T:
    """Return what `work` returns, which is done again when somebody's lock was in its way.

    That is tried a few times, or for so many `seconds`. It has to be whole each time: a transaction, or a
    statement that finds out how far it came.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(PASSING),
        stop=stop_after_attempt(_ATTEMPTS) if seconds is None else stop_after_delay(seconds),
        wait=wait_exponential(multiplier=_PAUSE) if seconds is None else wait_fixed(_PAUSE),
        reraise=True,
    )
    return attempts(work)
