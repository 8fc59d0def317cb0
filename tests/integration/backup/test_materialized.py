"""Materialized views come back filled, whatever form a backup has."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgwright.backup.create import dump
from tests.integration.backup.project import Project
from tests.integration.backup.running import at, one


def drop(url: str, *names: str) -> None:
    with psycopg.connect(at(url, "postgres"), autocommit=True) as conn:
        for name in names:
            conn.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def test_materialized_views_come_back_after_all_rows(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of large tables are in archives of their own, which may be read after that of the rest."""
    project = Project(tmp_path, database)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "CREATE TABLE purchase AS SELECT g AS price, md5(g::text) FROM generate_series(1, 2000) g"
        )
        for number in range(4):
            rows = f"SELECT repeat('x', 100) FROM generate_series(1, {700 + number})"
            conn.execute(f"CREATE TABLE rest_{number} AS {rows}".encode())
        conn.execute("CREATE MATERIALIZED VIEW spent_all AS SELECT sum(price) AS price FROM purchase")
        conn.execute("CREATE MATERIALIZED VIEW spent_twice AS SELECT price * 2 AS price FROM spent_all")
        conn.execute("CREATE UNIQUE INDEX ON spent_all (price)")
    monkeypatch.setattr(dump, "_LARGE", 2 * 65536)  # purchase alone is larger, and smaller than the rest
    project.run("backup", "create", "--format", "parallel")
    views = ("spent_all", "spent_twice")
    wanted = [one(database, f"SELECT price FROM {view}") for view in views]
    copy = f"{project.name}_copy"
    try:
        for jobs in ("1", "2"):
            project.run("backup", "restore", "--as", copy, "--jobs", jobs, "--yes")
            there = at(database, copy)
            assert [one(there, f"SELECT price FROM {view}") for view in views] == wanted
            project.run("backup", "restore", "--as", f"{copy}_rows", "--schema-only", "--yes")
            into = at(database, f"{copy}_rows")
            project.run("backup", "restore", "latest", "--data-only", "--yes", DATABASE_URL=into)
            assert [one(into, f"SELECT price FROM {view}") for view in views] == wanted
            drop(database, copy, f"{copy}_rows")
    finally:
        drop(database, copy, f"{copy}_rows")
