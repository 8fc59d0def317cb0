"""The worker processes, as the coordinator sees them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable
from types import TracebackType

import msgspec

from pgwright.transfer.copy.message import Report, Start, Task


class Crew:
    """Run `size` workers; `on_report` is called with a worker's number and what it says.

    It is called from threads, one for each worker, with None when the worker has ended. Use as a context
    manager: leaving it ends the workers, and what they had not finished is rolled back.
    """

    def __init__(self, start: Start, size: int, on_report: Callable[[int, Report | None], None]) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        self._start = start
        self._size = size
        self._on_report = on_report

    def __enter__(self) -> Crew:
        for number in range(self._size):
            process = subprocess.Popen(
                [sys.executable, "-m", "pgwright.transfer.copy.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the coordinator, which ends the workers in order
            )
            self._processes.append(process)
            self._send(number, self._start)
            threading.Thread(target=self._listen, args=(number,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            assert process.stdin is not None
            _close(process.stdin.close)

    def give(self, number: int, task: Task) -> None:
        """Give a worker its next task."""
        self._send(number, task)

    def _send(self, number: int, message: Start | Task) -> None:
        pipe = self._processes[number].stdin
        assert pipe is not None

        def write() -> None:
            pipe.write(msgspec.json.encode(message) + b"\n")
            pipe.flush()

        _close(write)

    def _listen(self, number: int) -> None:
        pipe = self._processes[number].stdout
        assert pipe is not None
        with pipe:
            for line in pipe:
                self._on_report(number, msgspec.json.decode(line, type=Report))
        self._on_report(number, None)


def _close(act: Callable[[], None]) -> None:
    """Use a pipe whose worker may have ended; its end is reported by the thread that listens."""
    with contextlib.suppress(BrokenPipeError):
        act()
