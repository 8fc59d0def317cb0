"""The builder process's side: where it is told to build, and how it tells its parent what went wrong."""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from pgwright.errors import PgwrightError
from pgwright.sources.subprocess_build import FAILURE_MARK


def serve(prepare: Callable[[str], Callable[[str], None]]) -> NoReturn:
    """Be a builder process: import what the argument names, wait for a database, build there, end.

    `prepare` takes the argument and returns what builds at a URL, which the parent writes to standard
    input; the project's own code finds an empty input. Without a URL, because the parent gave up or is
    gone, nothing is built.
    """
    # Most of what is imported stays to the end: neither collecting nor taking it down is worth the time.
    gc.disable()
    told = os.fdopen(os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    build = prepare(sys.argv[1])
    url = told.read()
    if url:
        build(url)
    sys.stderr.flush()
    os._exit(0)


def fail(message: str, detail: str, hint: str | None) -> NoReturn:
    """Report a failure to the parent process and end this one."""
    told = json.dumps({"message": message, "detail": detail, "hint": hint})
    print(f"{FAILURE_MARK}{told}", file=sys.stderr)  # noqa: T201 - the parent process reads it
    raise SystemExit(1)


@contextmanager
def reporting(message: str, hint: str | None) -> Iterator[None]:
    """Turn any exception of the project's own code into a report with the place where it happened."""
    try:
        yield
    except Exception as exc:
        place = place_of(exc)
        if isinstance(exc, PgwrightError):
            fail(message, "; ".join(filter(None, [f"{place}{exc.message}", exc.detail])), exc.hint or hint)
        fail(message, f"{place}{type(exc).__name__}: {exc}".strip(), hint)


def place_of(exc: BaseException) -> str:
    """Return ``file:line: `` of the innermost frame in the current folder, the project's, or nothing."""
    if isinstance(exc, SyntaxError) and exc.filename:
        return f"{exc.filename}:{exc.lineno}: "
    here = Path.cwd()
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if Path(f.filename).is_relative_to(here)]
    return f"{Path(frames[-1].filename).relative_to(here)}:{frames[-1].lineno}: " if frames else ""
