"""AquaMind's own tests pass on SQLite and on PostgreSQL, as its README says."""

from __future__ import annotations

import re

from tests.systems.aquamind.project import run


def passed(url: str) -> int:
    """Run the project's tests and return how many there were."""
    done = run(url, "test", "--no-input")
    assert done.returncode == 0, done.stderr
    found = re.search(r"^Ran (\d+) tests", done.stderr, re.MULTILINE)
    assert found
    assert done.stderr.rstrip().splitlines()[-2] == "OK" or "\nOK\n" in done.stderr
    return int(found[1])


def test_on_sqlite_and_on_postgresql(database: str) -> None:
    assert passed("sqlite:///:memory:") == passed(database) > 50
