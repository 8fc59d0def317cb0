"""The frame of a process that runs a project's migrations: it takes orders until nobody gives any more."""

from __future__ import annotations

import os
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

import msgspec
import psycopg

from pgwright.errors import MigrationError, PgwrightError
from pgwright.migrate.messages import CHANNEL_VARIABLE, Channel, Demand, Done, Failed, Order
from pgwright.pg.redact import redact
from pgwright.pg.statements import statement_error
from pgwright.sources.builder import place_of

Perform = Callable[[Order, "Orders"], Any]
_ORPHANED = 3
# How the states begin that a server gives on its way down, where it still gives one.
_LOST = ("08", "57P")


class Orders:
    """Be the end of the channel in this process.

    A thread reads it all the time: when the program that gave the order is gone, so is the lock that it
    held, and this process must end at once.
    """

    def __init__(self, end: socket.socket) -> None:
        self._channel: Channel[Demand] = Channel(end, Demand)
        self._queue: queue.SimpleQueue[Demand] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="pgwright-orders", daemon=True).start()

    def send(self, message: msgspec.Struct) -> None:
        """Tell something to the program that gave the order."""
        self._channel.send(message)

    def receive(self) -> Demand:
        """Wait for what to do next."""
        return self._queue.get()

    def _read(self) -> None:
        try:
            while True:
                demand = self._channel.receive()
                if demand is not None:
                    self._queue.put(demand)
        except (EOFError, OSError):
            os._exit(_ORPHANED)


class Refused(Exception):
    """Carry a failure that is already told in full."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.failed = failed


def serve(verbs: Mapping[str, Perform]) -> None:
    """Carry out orders by `verbs` until the channel closes."""
    # The program interrupts this process to have a statement cancelled; that is no error to print.
    signal.signal(signal.SIGINT, _interrupted)
    orders = Orders(socket.socket(fileno=int(os.environ.pop(CHANNEL_VARIABLE))))
    while True:
        order = orders.receive()
        if not isinstance(order, Order):
            continue
        try:
            orders.send(Done(verbs[order.verb](order, orders)))
        except Refused as exc:
            orders.send(exc.failed)
        except PgwrightError as exc:
            orders.send(failed(exc))
        except Exception as exc:
            orders.send(explained(exc))
        finally:
            sys.stdout.flush()


def _interrupted(number: int, _: FrameType | None) -> None:
    sys.excepthook = lambda *_: None
    raise KeyboardInterrupt


def failed(error: PgwrightError, *, sqlstate: str | None = None) -> Failed:
    """Return one of pgwright's errors as a message, with the state that the server gave it."""
    state = sqlstate or getattr(driver_error(error), "sqlstate", None)
    return Failed(
        code=error.code, message=error.message, detail=error.detail, hint=error.hint, sqlstate=state
    )


def explained(exc: BaseException, *, left: str = "nothing was changed") -> Failed:
    """Return what went wrong in the project's code or on the server, with the place in the project."""
    cause = driver_error(exc)
    place = place_of(exc).removesuffix(": ")
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    if isinstance(cause, psycopg.Error):
        sql = next((text for e in _behind(exc) if (text := getattr(e, "statement", None))), "")
        error = statement_error(cause, sql, left=left)
        error.detail = "; ".join(part for part in (place, error.detail) if part)
        return failed(error, sqlstate=state)
    words = " ".join(redact(str(exc)).split()) or "it said nothing"
    error = MigrationError(
        f"the project's own code failed: {type(exc).__name__}: {words}",
        detail="; ".join(part for part in (place, left) if part),
        hint="correct the file, then run the command again",
    )
    return failed(error, sqlstate=state)


def driver_error(exc: BaseException) -> BaseException | None:
    """Return the driver's own error behind those of SQLAlchemy, Django or the project."""
    told = next((found for found in _behind(exc) if hasattr(found, "sqlstate")), None)
    return told or _lost_connection(exc)


def _lost_connection(exc: BaseException) -> psycopg.OperationalError | None:
    """Return the loss of the connection that an error came after.

    Alembic still has to leave an autocommit block then, and what fails there hides why.
    """
    found: BaseException | None = exc
    while found is not None:
        for behind in _behind(found):
            if isinstance(behind, psycopg.OperationalError) and (
                behind.sqlstate is None or behind.sqlstate.startswith(_LOST)
            ):
                return behind
        found = found.__context__
    return None


def _behind(exc: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = exc
    while found is not None:
        yield found
        found = getattr(found, "orig", None) or found.__cause__
