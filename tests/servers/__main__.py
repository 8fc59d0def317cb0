"""Fetch every server that this machine can have, and print what there is and what is not, and why.

Never fails: tests that need a missing server are skipped with the reason printed here.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from . import azurite, debian, npm, redis_server, trixie
from .builds import VERSIONS, Build, Missing, caches, find, find_timescale, write_reasons
from .fetching import FetchError


def main() -> int:
    """Prepare all and print a table; `--list` only prints it."""
    if "--list" not in sys.argv[1:]:
        prepare()
    print(f"Servers for the tests (cache: {caches()[0]})")
    for name, found in table():
        print(f"  {name:<10} {found}")
    return 0


def table() -> Iterator[tuple[str, str]]:
    """Yield each server's name, and where it comes from or why it is missing."""
    for version in VERSIONS[:-1]:
        yield str(version), _told(find(version))
    yield str(VERSIONS[-1]), "embedded server"
    yield "timescale", _told(find_timescale())
    yield "azurite", str(azurite.program() or f"missing: {azurite.reason()}")
    yield "redis", redis_server.program() or f"missing: {redis_server.reason()}"
    given = "PGWRIGHT_TEST_TIMESCALE_URL" in os.environ
    yield "community", "the given one" if given else "missing: PGWRIGHT_TEST_TIMESCALE_URL is not set"


def _told(build: Build | Missing) -> str:
    return build.origin if isinstance(build, Build) else f"missing: {build.reason}"


def prepare() -> None:
    """Fetch what is missing, one after the other, and keep the reasons of what failed."""
    reasons: dict[str, str] = {}
    _attempt("trixie", trixie.prepare, reasons)
    _attempt("debian-15", partial(debian.prepare, 15), reasons)
    _attempt(redis_server.NAME, redis_server.prepare, reasons)
    _attempt(azurite.NAME, azurite.prepare, reasons)
    for version in npm.PACKAGES:
        if isinstance(find(version), Build):
            continue
        _attempt(f"npm-{version}", partial(npm.prepare, version), reasons)
    try:
        write_reasons(reasons)
    except OSError as error:
        print(f"  the cache cannot be written: {error}")


def _attempt(name: str, fetch: Callable[[], object], reasons: dict[str, str]) -> None:
    started = time.monotonic()
    try:
        fetch()
    except FetchError as error:
        reasons[name] = str(error)
    except Exception as error:  # whatever goes wrong here costs a few tests, not all of them
        reasons[name] = f"{type(error).__name__}: {error}"
    if (seconds := time.monotonic() - started) > 1:
        print(f"  {name}: {reasons.get(name, 'ready')} ({seconds:.0f} s)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
