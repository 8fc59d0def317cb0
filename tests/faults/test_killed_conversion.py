"""A conversion that is killed goes on with the same command, wherever it was, and no row is lost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.conftest import MakeDatabase
from tests.integration.timeseries.converted import ROWS, SCHEMA
from tests.integration.timeseries.test_convert import SPEC, Writers, require_rows, rows_of

ROOT = Path(__file__).parents[2]
# What another session holds, so that the conversion has to wait in the middle of something, and what it
# waits for then; without these it is killed while it copies.
WAITS = {
    "building": ("LOCK TABLE readings IN ROW EXCLUSIVE MODE", "ShareRowExclusiveLock"),
    "copying": (None, None),
    "exchanging": ("LOCK TABLE readings IN ROW SHARE MODE", "AccessExclusiveLock"),
    "finishing": ("LOCK TABLE sensors IN ACCESS SHARE MODE", "AccessExclusiveLock"),
}


def _command(url: str, *more: str) -> list[str]:
    pgwright = str(Path(sys.executable).with_name("pgwright"))
    return [pgwright, "--url", url, "policy", "convert", "readings", SPEC, "--yes", *more]


@contextmanager
def _held(url: str, statement: str | None) -> Iterator[None]:
    with psycopg.connect(url) as conn:
        if statement:
            conn.execute(statement.encode())
        yield


def _until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it never came there"
        time.sleep(0.005)


_MOMENTS = [
    *(("server_18", moment) for moment in WAITS),
    *((server, m) for server in ("timescale", "timescale_community") for m in ("copying", "exchanging")),
]


@pytest.mark.parametrize(("server", "moment"), _MOMENTS)
def test_goes_on_after_a_kill(
    server: str, moment: str, request: pytest.FixtureRequest, make_database: MakeDatabase
) -> None:
    found = request.getfixturevalue(server)
    url = found if isinstance(found, str) else make_database(found)
    statement, mode = WAITS[moment]
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SCHEMA.format(key=", at").encode())
        conn.execute(ROWS.format(rows=25_000).encode())
        conn.execute("ANALYZE")
        kept = rows_of(url)

        def waiting() -> bool:
            query = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = %s"
            return conn.execute(query, (mode,)).fetchone() != (0,)

        def copying() -> bool:
            if conn.execute("SELECT to_regclass('pgwright.run')").fetchone() == (None,):
                return False
            query = "SELECT count(*) FROM pgwright.run WHERE (progress->>'rows')::int > 0"
            return conn.execute(query).fetchone() != (0,)

        with ExitStack() as stack:
            if moment != "exchanging":
                stack.enter_context(_held(url, statement))
            process = stack.enter_context(
                subprocess.Popen(
                    _command(url), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
                )
            )
            if moment == "exchanging":
                _until(copying, process)
                stack.enter_context(_held(url, statement))
            _until(waiting if mode else copying, process)
            process.kill()
            process.wait()
        # The server notices that the client is gone when it next speaks to it.
        while conn.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE application_name LIKE 'pgwright policy%' AND datname = current_database()"
        ).fetchone() != (0,):
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name LIKE 'pgwright policy%' AND datname = current_database()"
            )
            time.sleep(0.01)
        writers = Writers(url)
        with writers.at_work():
            done = subprocess.run(_command(url), cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert writers.errors == []
        assert ("going on with the conversion" in done.stderr) == (moment != "building"), done.stderr
        assert "public.readings is a time series" in done.stdout
        require_rows(url, kept, writers)
        left = conn.execute(
            "SELECT relname FROM pg_class WHERE relname ~ 'convert|_changes' AND relkind IN ('r', 'p', 'S')"
        ).fetchall()
        assert left == []
