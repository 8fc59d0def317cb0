"""AquaMind's own tests pass on SQLite and on PostgreSQL, as its README says."""

from __future__ import annotations

import re

import pytest

from tests.systems.aquamind.project import run


def passed(url: str, *labels: str) -> tuple[int, set[str]]:
    """Run the project's tests and return how many there were, and why some were skipped."""
    done = run(url, "test", "--no-input", "-v2", *labels)
    assert done.returncode == 0, done.stderr
    found = re.search(r"^Ran (\d+) tests", done.stderr, re.MULTILINE)
    assert found
    return int(found[1]), set(re.findall(r"skipped ['\"](needs .*)['\"]$", done.stderr, re.MULTILINE))


def test_on_sqlite_and_on_postgresql(database: str) -> None:
    plain, native = passed("sqlite:///:memory:"), passed(database)
    assert plain[0] == native[0] > 50
    assert len(plain[1]) == 3 and len(native[1]) == 2


@pytest.mark.parametrize(("engine", "skipped"), [("timescale", 2), ("timescale_community", 1)])
def test_with_timescaledb_where_the_server_has_it(
    engine: str, skipped: int, request: pytest.FixtureRequest
) -> None:
    assert len(passed(request.getfixturevalue(engine), "apps.environmental")[1]) == skipped
