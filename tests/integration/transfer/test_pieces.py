"""One large table is exported by several sessions at once: the same file, whatever is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgwright.errors import StatementError
from pgwright.transfer.exports import ExportRequest, run_export
from tests.conftest import MakeDatabase
from tests.integration.transfer.importing import execute

ROWS = 40_000
WIDE = (
    "CREATE TABLE wide (id integer PRIMARY KEY, note text, odd boolean)",
    "INSERT INTO wide SELECT g, repeat('x', 150) || E'\\n\"' || g, g % 2 = 1"
    f" FROM generate_series(1, {ROWS}) g",
    "DELETE FROM wide WHERE id % 7 = 0",
)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "django", "json"])
def test_the_file_is_the_same(database: str, tmp_path: Path, kind: str) -> None:
    execute(database, *WIDE)
    told: dict[int, list[int]] = {}
    for jobs in (1, 3):
        seen = told.setdefault(jobs, [])
        (done,) = run_export(
            database,
            ExportRequest(
                tables=("wide",), output=str(tmp_path / f"{jobs}"), format=kind, where="odd", jobs=jobs
            ),
            progress=lambda name, rows, total, seen=seen: seen.append(rows),  # type: ignore[misc]
        )
        assert done.rows == seen[-1] == (ROWS - ROWS // 7 + 1) // 2
    assert (tmp_path / "1").read_bytes() == (tmp_path / "3").read_bytes()
    # What is told on the way never goes back, though the pieces come from several sessions.
    assert told[3] == sorted(told[3])


def test_a_piece_that_fails_fails_the_export(database: str, tmp_path: Path) -> None:
    execute(database, *WIDE)
    request = ExportRequest(tables=("wide",), output=str(tmp_path / "x"), where="1 / (id - 30001) <> 0")
    with pytest.raises(StatementError, match="division by zero"):
        run_export(database, request)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("major", [13, 18])
def test_what_cannot_be_cut_is_read_as_a_whole(
    request: pytest.FixtureRequest, make_database: MakeDatabase, tmp_path: Path, major: int
) -> None:
    # Before version 14 each piece would read the whole table, and an heir's rows lie in another file.
    database = make_database(request.getfixturevalue(f"server_{major}"))
    execute(database, *WIDE)
    if major == 18:
        execute(database, "CREATE TABLE heir () INHERITS (wide)", "INSERT INTO heir VALUES (0, 'heir')")
    (done,) = run_export(database, ExportRequest(tables=("wide",), output=str(tmp_path / "x.csv"), jobs=4))
    assert done.rows == ROWS - ROWS // 7 + (major == 18)
