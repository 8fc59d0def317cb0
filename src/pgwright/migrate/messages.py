"""What pgwright and the process that runs a project's migrations tell each other: one line of JSON each.

The project's own code writes to stdout and stderr as it likes; these lines have a socket of their own.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

CHANNEL_VARIABLE = "PGWRIGHT_CHANNEL"
# Says to what runs in that process that its database is locked for it already.
HELD_VARIABLE = "PGWRIGHT_MIGRATING"


class Order(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ask the process for something.

    `verb` is one that the runner serves (``upgrade``, ``downgrade``, ``stamp``, ``sql``); `target` a revision
    as the tool spells it. `url` is where all connections lead. `run` names the run in the ledger; "" keeps no
    record, as on scratch. `digests` are those of the revisions' files. Times are in seconds; 0 is no limit.
    With `statements` each of them is told as it begins, with `pause` the process waits after each revision
    for `Proceed`, with `observe` it looks what each statement locks and rewrites. `options` are the tool's.
    """

    verb: str
    url: str
    target: str = ""
    run: str = ""
    digests: Mapping[str, str] = {}
    lock_timeout: float = 2.0
    statement_timeout: float = 0.0
    concurrent_wait: float = 600.0
    statements: bool = False
    pause: bool = False
    observe: bool = False
    options: Mapping[str, Any] = {}


class Proceed(msgspec.Struct, frozen=True, tag=True):
    """Let the process go on after a revision."""


class Connected(msgspec.Struct, frozen=True, tag=True):
    """Say that a session was opened; `pid` is the server's number for it."""

    pid: int


class RevisionBegan(msgspec.Struct, frozen=True, tag=True):
    """Say that a revision begins; `direction` is ``up`` or ``down``."""

    revision: str
    direction: str


class StatementBegan(msgspec.Struct, frozen=True, tag=True):
    """Say that a statement begins."""

    number: int
    sql: str


class StatementSkipped(msgspec.Struct, frozen=True, tag=True):
    """Say that a statement is left out: an earlier attempt has committed it."""

    number: int
    sql: str


class StatementEnded(msgspec.Struct, frozen=True, tag=True):
    """Say what was observed of a statement that ended; only where that was asked for.

    `line` is where in the migration's file it comes from, 0 where nobody knows; statements of one
    `transaction` share its number, and one with `commits` ends its own. `whole` is what it is a part of,
    where that is journalled as one.
    """

    number: int
    sql: str
    seconds: float
    locks: Mapping[str, str] = {}
    rewrites: tuple[str, ...] = ()
    line: int = 0
    transaction: int = 0
    commits: bool = False
    whole: str = ""


class Mended(msgspec.Struct, frozen=True, tag=True):
    """Say that the leftover of a concurrent build that failed was removed."""

    name: str


class RevisionEnded(msgspec.Struct, frozen=True, tag=True):
    """Say that a revision is committed."""

    revision: str
    direction: str
    seconds: float


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Say why an order was not carried out; `code` is that of one of pgwright's errors.

    `sqlstate` is the server's, where it refused a statement. `partial` says that a part of the revision is
    committed.
    """

    code: str
    message: str
    detail: str | None = None
    hint: str | None = None
    sqlstate: str | None = None
    revision: str | None = None
    partial: bool = False


class Done(msgspec.Struct, frozen=True, tag=True):
    """Say that an order was carried out; `value` is what it asked for."""

    value: Any = None


Report = (
    Connected
    | RevisionBegan
    | StatementBegan
    | StatementSkipped
    | StatementEnded
    | Mended
    | RevisionEnded
    | Failed
    | Done
)
Demand = Order | Proceed

_T = TypeVar("_T")


class Channel(Generic[_T]):
    """Exchange messages over a socket; what comes is of type `kind`."""

    def __init__(self, end: socket.socket, kind: Any) -> None:
        self._socket = end
        self._decoder = msgspec.json.Decoder(kind)
        self._buffer = bytearray()

    def send(self, message: msgspec.Struct) -> None:
        """Send a message; raises `OSError` when nobody is at the other end."""
        self._socket.sendall(msgspec.json.encode(message) + b"\n")

    def receive(self, timeout: float | None = None) -> _T | None:
        """Return the next message, None when none came within `timeout` seconds.

        Raises `EOFError` when the other end is closed.
        """
        while (end := self._buffer.find(b"\n")) < 0:
            if not select.select([self._socket], [], [], timeout)[0]:
                return None
            part = self._socket.recv(65536)
            if not part:
                raise EOFError
            self._buffer += part
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        found: _T = self._decoder.decode(line)
        return found

    def close(self) -> None:
        """Close this end."""
        self._socket.close()
