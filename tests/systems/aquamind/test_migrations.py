"""AquaMind's migrations: from empty to head, back to nothing, and again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from tests.servers.running import Server
from tests.systems.aquamind.project import FOLDER, manage, run

APPS = ("environmental", "batch", "demo")
TABLES = {
    "environmental_area",
    "environmental_container",
    "environmental_environmentalreading",
    "environmental_sensor",
    "environmental_weatherdata",
    "environmental_weatherstation",
    "batch_batch",
    "batch_batchcontainerassignment",
    "batch_feedingevent",
    "batch_growthsample",
    "batch_lifecyclestage",
    "batch_mortalityevent",
    "batch_species",
    "demo_demoload",
}
# Comes with a declaration, on PostgreSQL; no model makes it.
ROLLUPS = {"environmental_daily_avg"}


def ours(url: str, apps: tuple[str, ...] = APPS) -> set[str]:
    """Return the tables, indexes and sequences in `public` that belong to `apps`."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT c.relname, coalesce(t.relname, c.relname) FROM pg_class c"
            " LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid"
            " WHERE c.relnamespace = 'public'::regnamespace"
        ).fetchall()
    return {name for name, table in rows if table.split("_")[0] in apps}


def tables(url: str) -> set[str]:
    """Return AquaMind's tables."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        ).fetchall()
    return {name for (name,) in rows} & ours(url)


def test_models_have_all_their_migrations(database: str) -> None:
    assert manage(database, "makemigrations", "--check", "--dry-run") == "No changes detected\n"


def test_up_down_to_nothing_and_up_again(database: str) -> None:
    manage(database, "migrate", "-v0")
    first = ours(database)
    assert tables(database) == TABLES | ROLLUPS
    for app in ("demo", "batch", "environmental"):
        manage(database, "migrate", app, "zero", "-v0")
    assert ours(database) == set()
    manage(database, "migrate", "-v0")
    assert ours(database) == first


@pytest.mark.parametrize("app", ["environmental", "batch"])
def test_every_single_step_reverses(database: str, app: str) -> None:
    names = sorted(path.stem for path in (FOLDER / "apps" / app / "migrations").glob("0*.py"))
    assert len(names) >= 4
    states = []
    for name in names:
        manage(database, "migrate", app, name, "-v0")
        states.append(ours(database, (app,)))
    assert all(before < after for before, after in pairwise(states))
    for name, state in reversed(list(zip(names, states, strict=True))):
        manage(database, "migrate", app, name, "-v0")
        assert ours(database, (app,)) == state


def test_batches_do_not_hang_on_readings(database: str) -> None:
    manage(database, "migrate", "-v0")
    manage(database, "migrate", "environmental", "0001", "-v0")
    assert "batch_batch" in tables(database)
    assert "environmental_environmentalreading" not in tables(database)


@pytest.mark.parametrize("version", [14, 15, 16, 17, 18])
def test_up_and_down_on_every_version_that_django_takes(
    version: int, request: pytest.FixtureRequest, make_database: Callable[[Server], str]
) -> None:
    url = make_database(request.getfixturevalue(f"server_{version}"))
    manage(url, "migrate", "-v0")
    assert tables(url) == TABLES | ROLLUPS
    for app in ("demo", "batch", "environmental"):
        manage(url, "migrate", app, "zero", "-v0")
    assert ours(url) == set()


@pytest.mark.parametrize("version", [12, 13])
def test_older_versions_are_refused_in_one_line(
    version: int, request: pytest.FixtureRequest, make_database: Callable[[Server], str]
) -> None:
    url = make_database(request.getfixturevalue(f"server_{version}"))
    done = run(url, "migrate")
    assert done.returncode == 1
    assert done.stderr.startswith("error: PostgreSQL 14 or later is required")
    assert done.stderr.count("\n") == 1
    assert ours(url) == set()


def test_up_and_down_on_sqlite(tmp_path: Path) -> None:
    file = tmp_path / "plain.db"
    url = f"sqlite:///{file}"

    def found() -> set[str]:
        with sqlite3.connect(file) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        connection.close()
        return {name for (name,) in rows if name.split("_")[0] in APPS}

    manage(url, "migrate", "-v0")
    assert found() == TABLES
    for app in ("demo", "batch", "environmental"):
        manage(url, "migrate", app, "zero", "-v0")
    assert found() == set()


def test_series_can_be_partitioned_by_timestamp(database: str) -> None:
    """PostgreSQL itself says so: the same columns and unique keys are accepted under PARTITION BY."""
    manage(database, "migrate", "-v0")
    with psycopg.connect(database) as connection:
        for table in ("environmental_environmentalreading", "environmental_weatherdata"):
            connection.execute(
                psycopg.sql.SQL(
                    "CREATE TEMP TABLE parted (LIKE {} INCLUDING ALL) PARTITION BY RANGE (timestamp)"
                ).format(psycopg.sql.Identifier(table))
            )
            connection.execute("DROP TABLE parted")
        inbound = connection.execute(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND confrelid = ANY (%s::regclass[])",
            (["environmental_environmentalreading", "environmental_weatherdata"],),
        ).fetchone()
    assert inbound == (0,)


def test_every_table_is_commented_and_constraints_are_valid(database: str) -> None:
    manage(database, "migrate", "-v0")
    with psycopg.connect(database) as connection:
        silent = connection.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY (%s)"
            " AND obj_description(oid, 'pg_class') IS NULL",
            (list(TABLES),),
        ).fetchall()
        without_index = connection.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint k WHERE contype = 'f'"
            " AND conrelid::regclass::text = ANY (%s) AND NOT EXISTS (SELECT FROM pg_index i"
            " WHERE i.indrelid = k.conrelid AND i.indpred IS NULL AND i.indkey[0] = k.conkey[1])",
            (list(TABLES),),
        ).fetchall()
    assert silent == []
    assert without_index == []
