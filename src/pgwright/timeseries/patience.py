"""Trying again where another session was in the way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psycopg

T = TypeVar("T")

# The same may go well next time: somebody held a lock for long, or the server broke a deadlock.
PASSING = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
_ATTEMPTS = 5
_PAUSE = 0.3  # seconds, doubled each time


def patiently(work: Callable[[], T]) -> T:
    """Return what `work` returns, which is done again, a few times, when somebody's lock was in its way.

    It has to be whole each time: a transaction, or a statement that finds out how far it came.
    """
    for attempt in range(_ATTEMPTS - 1):
        try:
            return work()
        except PASSING:
            time.sleep(_PAUSE * 2**attempt)
    return work()
