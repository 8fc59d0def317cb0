"""The process that runs a project's migrations, seen from the program that gives it orders."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import MappingProxyType

from pgwright import errors
from pgwright.errors import MigrationError, PgwrightError
from pgwright.migrate.messages import (
    CHANNEL_VARIABLE,
    HELD_VARIABLE,
    Channel,
    Done,
    Failed,
    Order,
    Proceed,
    Report,
)
from pgwright.migrate.tools import Tool, environment_of
from pgwright.pg.redact import redact

Hear = Callable[[Report], None]
Idle = Callable[[], None]
Say = Callable[[str], None]

_PROGRAM = "pgwright.migrate.worker.program"
_POLL = 0.25  # seconds without news after which somebody may look what a statement waits for
_PATIENCE = 10.0  # seconds for a statement to be cancelled and its transaction rolled back
_CLASSES = MappingProxyType(
    {
        found.code: found
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, PgwrightError)
    }
)


class OrderFailed(Exception):
    """Carry a failure of an order."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.failed = failed

    def error(self) -> PgwrightError:
        """Return it as the error that it is."""
        found = self.failed
        return _CLASSES.get(found.code, MigrationError)(found.message, detail=found.detail, hint=found.hint)


class MigrationProcess:
    """Run orders one after the other in a process of the project's own."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel[Report], said: deque[str]) -> None:
        self._process = process
        self._channel = channel
        self._said = said
        self._at_work = False

    def run(self, order: Order, *, hear: Hear | None = None, idle: Idle | None = None) -> object:
        """Carry out an order and return what it asked for.

        `hear` is told each report, `idle` is called while there is none. Raises `OrderFailed`, and
        `MigrationError` when the process ends without a word.
        """
        self._at_work = True
        try:
            self._channel.send(order)
            while True:
                report = self._channel.receive(_POLL)
                if report is None:
                    if idle:
                        idle()
                    continue
                if isinstance(report, Done):
                    self._at_work = False
                    return report.value
                if isinstance(report, Failed):
                    self._at_work = False
                    raise OrderFailed(report)
                if hear:
                    hear(report)
        except (EOFError, OSError) as exc:
            raise self._gone() from exc

    def proceed(self) -> None:
        """Let a process that pauses after each revision go on."""
        self._channel.send(Proceed())

    def cancel(self) -> None:
        """Interrupt the process: the driver then cancels the statement and rolls back."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        if not self._at_work:
            # In the background of a script Python ignores interrupts until the process says otherwise. One
            # that still starts ends when it finds nobody left to give it orders.
            self._channel.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)

    def finish(self) -> None:
        """End the process, and with it its sessions; it takes no more orders."""
        self._channel.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)

    def _gone(self) -> MigrationError:
        code = self._process.wait(_PATIENCE)
        tail = "; ".join(list(self._said)[-5:])
        how = signal.Signals(-code).name if code < 0 else f"code {code}"
        return MigrationError(
            f"the process that runs the migrations ended with {how}",
            detail=f"{tail or 'it said nothing'}; what it had committed stays, the rest is rolled back",
            hint="see where the database stands: pgwright migrate status",
        )


@contextmanager
def migration_process(
    tool: Tool, *, url: str, live: bool = False, say: Say | None = None
) -> Iterator[MigrationProcess]:
    """Start the project's process; its connections lead to `url`.

    It begins to import the project at once, while the caller does something else. `live` says that `url` is
    the project's own database: where it is not the one that DATABASE_URL names, that one stays at hand. `say`
    is told each line that the project prints. When the block ends early, the statement that runs is
    cancelled.
    """
    ours, theirs = socket.socketpair()
    environment = environment_of(None if live and tool.is_beside_default else url)
    environment[HELD_VARIABLE] = "yes"
    environment[CHANNEL_VARIABLE] = str(theirs.fileno())
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(tool.root), environment.get("PYTHONPATH")]))
    with subprocess.Popen(
        [sys.executable, "-m", _PROGRAM, tool.runner],
        cwd=tool.root,
        env=environment,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # Ctrl-C is for the program alone, which then ends this process in good order.
        start_new_session=True,
    ) as process:
        theirs.close()
        said: deque[str] = deque(maxlen=50)
        hushed = threading.Event()
        reader = threading.Thread(
            target=_listen, args=(process, said, say, hushed), name="pgwright-said", daemon=True
        )
        reader.start()
        channel: Channel[Report] = Channel(ours, Report)
        running = MigrationProcess(process, channel, said)
        try:
            yield running
        except BaseException:
            # What Python says of an interrupt is nobody's concern.
            hushed.set()
            running.cancel()
            raise
        finally:
            running.finish()
            process.kill()
            reader.join(_PATIENCE)


def _listen(
    process: subprocess.Popen[bytes], said: deque[str], say: Say | None, hushed: threading.Event
) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        text = redact(line.decode(errors="replace").rstrip())
        if text:
            said.append(text)
            if say and not hushed.is_set():
                say(text)
