"""Progress of long work on stderr: bars on a terminal, a line now and then elsewhere, nothing with --json."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from pgwright.pg.redact import redact

if TYPE_CHECKING:
    from pgwright.cli.output import Output

_PLAIN_EVERY = 5.0  # seconds between two lines about the same task where no bar can be drawn
_SAID = float("inf")  # a finished task speaks once, however often it is mentioned


class Bars(Protocol):
    """Show how far several tasks are; a task appears when it is first mentioned."""

    def update(self, label: str, done: float, total: float | None = None, *, detail: str = "") -> None:
        """Say that `done` of `total` is done, and a `detail`; a `total` of None is unknown as yet."""

    def note(self, text: str) -> None:
        """Say something in passing, above the bars."""


@contextmanager
def bars(output: Output) -> Iterator[Bars]:
    """Show progress while the block runs, in the form that fits where stderr goes."""
    output.end_wait()
    if not sys.stderr.isatty():
        yield _Silent() if output.json else _Lines()
        return
    # A terminal keeps its bars even when --json sends the result elsewhere.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, no_color=not output.color)
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        console=console,
    )
    with progress:
        yield _Drawn(progress)


class _Silent:
    def update(self, label: str, done: float, total: float | None = None, *, detail: str = "") -> None:
        pass

    def note(self, text: str) -> None:
        pass


class _Lines:
    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def update(self, label: str, done: float, total: float | None = None, *, detail: str = "") -> None:
        now, last = time.monotonic(), self._last.get(label)
        complete = total is not None and done >= total
        if last is not None and (last == _SAID or (not complete and now - last < _PLAIN_EVERY)):
            return
        self._last[label] = _SAID if complete else now
        of = "" if total is None else f" of {total:,.0f}"
        self.note(f"{label}: {done:,.0f}{of}" + (f" ({detail})" if detail else ""))

    def note(self, text: str) -> None:
        # In a log that takes both, what was printed before stands before.
        sys.stdout.flush()
        print(redact(text), file=sys.stderr, flush=True)  # noqa: T201


class _Drawn:
    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._tasks: dict[str, Any] = {}

    def update(self, label: str, done: float, total: float | None = None, *, detail: str = "") -> None:
        if label not in self._tasks:
            self._tasks[label] = self._progress.add_task(redact(label), total=total, detail="")
        self._progress.update(self._tasks[label], completed=done, total=total, detail=redact(detail))

    def note(self, text: str) -> None:
        self._progress.console.print(redact(text), markup=False, highlight=False)
