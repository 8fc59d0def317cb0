"""AquaMind's demo loader: whole, the same each time, and not half-made after a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from tests.peak import telling_peak, told_peak
from tests.servers.running import Server
from tests.systems.aquamind.project import FOLDER, environ, manage, run
from tests.systems.aquamind.test_migrations import TABLES

SMALL = ("load_demo", "--scale", "0.01", "--until", "2024-06-01")
ALREADY = {"label": "already loaded", "done": 1, "total": 1}


def counts(url: str) -> dict[str, int]:
    """Return the number of rows per table."""
    found = {}
    with psycopg.connect(url) as connection:
        for table in TABLES:
            row = connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            ).fetchone()
            assert row is not None
            found[table] = row[0]
    return found


def contents(url: str) -> dict[str, str]:
    """Return a digest of the rows per table, but for the one that says when it was loaded."""
    found = {}
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        for table in TABLES - {"demo_demoload"}:
            row = connection.execute(
                sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t").format(
                    sql.Identifier(table)
                )
            ).fetchone()
            assert row is not None
            found[table] = row[0]
    return found


def lines(output: str) -> list[dict[str, object]]:
    """Return the progress that the loader printed."""
    return [json.loads(line) for line in output.splitlines()]


def constraints(url: str) -> set[tuple[str, str, str, bool]]:
    """Return every constraint of AquaMind's tables: table, name, definition, whether it is validated."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated"
            " FROM pg_constraint WHERE conrelid::regclass::text = ANY (%s)",
            (list(TABLES),),
        ).fetchall()
    return set(rows)


def test_full_load(database: str) -> None:
    """Everything about the full load in one test: it takes seconds, and once is enough."""
    manage(database, "migrate", "-v0")
    declared = constraints(database)
    load = subprocess.run(
        (sys.executable, *telling_peak("manage.py", "load_demo")),
        cwd=FOLDER,
        env=environ(database),
        capture_output=True,
        text=True,
        check=False,
    )
    assert load.returncode == 0, load.stderr
    progress = lines(load.stdout)
    assert told_peak(load.stderr) < 200 * 1024

    found = counts(database)
    assert found["environmental_environmentalreading"] >= 1_000_000
    assert found["environmental_weatherdata"] == 26_115
    assert found["environmental_sensor"] == 60
    assert found["batch_batch"] == 5000
    assert found["batch_batchcontainerassignment"] > 15_000
    assert found["batch_growthsample"] > 15_000

    last = {line["label"]: line for line in progress}
    assert len(last) == len(TABLES) - 1
    assert all(line["done"] == line["total"] for line in last.values())
    assert last["sensor readings"]["total"] == found["environmental_environmentalreading"]
    done = [int(str(line["done"])) for line in progress if line["label"] == "sensor readings"]
    assert done == sorted(set(done))
    assert len(done) >= 20

    # The foreign keys, taken away for the load, are back as they were, and every row was checked.
    assert constraints(database) == declared
    assert all(validated for *_key, validated in declared)

    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT count(*) FILTER (WHERE timestamp < now() - interval '1 year'), max(timestamp) <= now()"
            " FROM environmental_environmentalreading"
        ).fetchone()
    assert row is not None
    # A year of retention finds something to drop and something to keep.
    assert 0.05 < row[0] / found["environmental_environmentalreading"] < 0.15
    assert row[1] is True

    assert lines(manage(database, "load_demo")) == [ALREADY]
    assert counts(database) == found


def test_same_arguments_give_the_same_rows(server_18: Server, make_database: Callable[[Server], str]) -> None:
    found = []
    for seed in ("1", "1", "2"):
        url = make_database(server_18)
        manage(url, "migrate", "-v0")
        manage(url, *SMALL, "--seed", seed)
        found.append(contents(url))
    first, again, other = found
    assert first == again
    assert first["environmental_weatherdata"] == other["environmental_weatherdata"]
    assert first["environmental_environmentalreading"] != other["environmental_environmentalreading"]


def test_killed_load_leaves_nothing_and_the_next_is_whole(database: str) -> None:
    manage(database, "migrate", "-v0")
    with subprocess.Popen(
        (sys.executable, "manage.py", *SMALL),
        cwd=FOLDER,
        env=environ(database),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["label"] == "sensor readings":
                break
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert set(counts(database).values()) == {0}
    assert lines(manage(database, *SMALL))[-1]["label"] == "feedings"
    assert lines(manage(database, *SMALL)) == [ALREADY]


def test_two_loads_at_once_load_once(database: str) -> None:
    manage(database, "migrate", "-v0")
    both = [
        subprocess.Popen(
            (sys.executable, "manage.py", *SMALL),
            cwd=FOLDER,
            env=environ(database),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    last = [lines(process.communicate(timeout=120)[0])[-1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(str(line["label"]) for line in last) == ["already loaded", "feedings"]


def test_other_rows_are_left_alone(database: str) -> None:
    manage(database, "migrate", "-v0")
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO batch_species (name, scientific_name) VALUES ('Cod', 'Gadus morhua')")
    done = run(database, *SMALL)
    assert done.returncode == 1
    assert "batch_species holds rows that load_demo did not write; nothing was changed" in done.stderr
    assert "Traceback" not in done.stderr
    found = counts(database)
    assert found.pop("batch_species") == 1
    assert set(found.values()) == {0}


def test_flush_makes_room_for_another_load(database: str) -> None:
    manage(database, "migrate", "-v0")
    manage(database, *SMALL)
    refused = run(database, *SMALL, "--seed", "3")
    assert refused.returncode == 1
    assert "holds a demo already" in refused.stderr
    manage(database, "flush", "--no-input")
    assert lines(manage(database, *SMALL, "--seed", "3"))[-1]["label"] == "feedings"


def test_writes_nothing_into_its_own_folder(database: str) -> None:
    def files() -> set[tuple[Path, int]]:
        return {
            (path, path.stat().st_mtime_ns) for path in FOLDER.rglob("*") if "__pycache__" not in path.parts
        }

    before = files()
    manage(database, "migrate", "-v0")
    manage(database, *SMALL)
    assert files() == before


def test_loads_on_the_oldest_version_that_django_takes(
    server_14: Server, make_database: Callable[[Server], str]
) -> None:
    url = make_database(server_14)
    manage(url, "migrate", "-v0")
    manage(url, *SMALL)
    assert counts(url)["batch_batch"] == 50


def test_loads_into_hypertables(timescale: str) -> None:
    """The migrations make hypertables, and the loader asks nothing that a hypertable refuses."""
    manage(timescale, "migrate", "-v0")
    manage(timescale, *SMALL)
    with psycopg.connect(timescale) as connection:
        row = connection.execute(
            "SELECT count(*) FROM show_chunks('environmental_environmentalreading')"
        ).fetchone()
        indexes = connection.execute(
            "SELECT count(*) FROM pg_indexes WHERE tablename = 'environmental_environmentalreading'"
        ).fetchone()
    assert row == (4,)
    # The model's own index on the timestamp is used; TimescaleDB adds none that the models do not know.
    assert indexes == (2,)
    manage(timescale, "migrate", "environmental", "0001", "-v0")
