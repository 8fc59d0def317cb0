"""What an export is asked for by name: tables, and formats that need a package."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pgwright.errors import UsageError
from tests.integration.transfer.exporting import export
from tests.integration.transfer.importing import execute


@pytest.mark.parametrize("name", ['a "b".c d', '"a ""b"""."c d"', "c d", '"c d"'])
def test_a_name_is_understood_as_it_is_and_as_in_sql(database: str, tmp_path: Path, name: str) -> None:
    execute(
        database,
        'CREATE SCHEMA "a ""b"""',
        'CREATE TABLE "a ""b"""."c d" (id int)',
        "CREATE TABLE c (id int)",
    )
    (done,) = export(database, tmp_path / "t.csv", name)
    assert str(done.table) == 'a "b".c d'


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_package_that_is_missing_is_named(
    database: str, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(database, "CREATE TABLE t (id integer PRIMARY KEY)")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="need the package pyarrow") as failure:
        export(database, tmp_path / f"t.{kind}", "t")
    assert failure.value.hint == "run: pip install 'pgwright[parquet]'"
    assert not list(tmp_path.iterdir())
