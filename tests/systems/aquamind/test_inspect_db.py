"""`manage.py inspect_db`: tables by app, what is divided by time, drift; and the committed pages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.conftest import MakeDatabase
from tests.servers.running import Server

from .project import FOLDER, environ, manage

PAGE = FOLDER / "docs" / "data_model.md"


def ours(url: str, **settings: str) -> dict[str, str]:
    home = {name: os.environ[name] for name in ("HOME", "PGWRIGHT_HOME") if name in os.environ}
    return {**environ(url, **settings), **home}


def inspect(url: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "manage.py", "inspect_db", *arguments),
        cwd=FOLDER,
        env=ours(url, **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def migrated(database: str) -> str:
    manage(database, "migrate", "-v0")
    return database


def test_tables_by_app_without_drift(migrated: str) -> None:
    done = inspect(migrated)
    assert done.returncode == 0, done.stderr
    apps = re.findall(r"^(\S.*): \d+ tables?$", done.stdout, re.MULTILINE)
    assert apps == [*sorted(apps[:-1]), "without a model"]
    assert {"admin", "auth", "batch", "contenttypes", "demo", "environmental", "sessions"} <= set(apps)
    batch = done.stdout.partition("\nbatch: ")[2].partition("\n\n")[0]
    assert "  public.batch_species  (3 columns, " in batch
    assert re.search(r"^      batch_number +character varying\(30\) +not null$", batch, re.MULTILINE)
    assert "      batch_batch_pkey: PRIMARY KEY (id)" in batch
    assert "public.django_migrations" in done.stdout.partition("without a model")[2]
    assert done.stdout.endswith("Drift from the models\n  none\n")


def test_one_app_in_short(migrated: str) -> None:
    done = inspect(migrated, "--app", "demo", "--summary", "--no-models")
    assert done.returncode == 0, done.stderr
    tables = [line for line in done.stdout.splitlines() if line.startswith("  public.")]
    assert len(tables) == 1
    assert "public.demo_demoload" in tables[0]
    assert "Drift" not in done.stdout


def test_drift_from_the_models(migrated: str) -> None:
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute("ALTER TABLE batch_species ADD COLUMN nickname text")
        connection.execute("DROP INDEX batch_start_date")
    done = inspect(migrated, "--summary")
    assert done.returncode == 1
    drift = done.stdout.partition("Drift from the models\n")[2]
    assert "  + index public.batch_batch.batch_start_date\n" in drift
    assert "  - column public.batch_species.nickname\n" in drift


def test_drift_from_another_environment(
    migrated: str, server_18: Server, make_database: MakeDatabase
) -> None:
    other = make_database(server_18)
    manage(other, "migrate", "-v0")
    same = inspect(migrated, "--summary", "--no-models", "--against", other)
    assert same.returncode == 0, same.stdout
    with psycopg.connect(other, autocommit=True) as connection:
        connection.execute("ALTER TABLE batch_batch ALTER COLUMN notes SET DEFAULT 'none'")
    done = inspect(migrated, "--summary", "--no-models", "--against", other)
    assert done.returncode == 1
    assert "default public.batch_batch.notes" in done.stdout
    password = other.partition("://")[2].partition("@")[0].partition(":")[2]
    assert password not in done.stdout + done.stderr


def test_partitions_are_listed(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE readings (at date NOT NULL) PARTITION BY RANGE (at)")
        for month in range(1, 6):
            connection.execute(
                f"CREATE TABLE readings_{month} PARTITION OF readings"
                f" FOR VALUES FROM ('2024-{month:02}-01') TO ('2024-{month + 1:02}-01')".encode()
            )
    done = inspect(database, "--summary", "--no-models")
    assert "  readings: by RANGE (at), 5 partitions\n    … 2 earlier; name all with --chunks\n" in done.stdout
    everything = inspect(database, "--summary", "--no-models", "--chunks")
    assert "    readings_1: FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')\n" in everything.stdout


def test_hypertables_and_their_chunks(timescale: str) -> None:
    manage(timescale, "migrate", "-v0")
    with psycopg.connect(timescale, autocommit=True) as connection:
        connection.execute("CREATE TABLE probe (sensor int, at timestamptz NOT NULL, v float)")
        connection.execute("SELECT create_hypertable('probe', 'at', chunk_time_interval => interval '1 day')")
        connection.execute(
            "INSERT INTO probe SELECT 1, t, 0 FROM generate_series("
            "'2024-01-01'::timestamptz, '2024-01-05 23:00+00', '1 hour') t"
        )
    done = inspect(timescale, "--summary")
    assert "extensions: " in done.stdout
    assert "timescaledb" in done.stdout
    assert "  probe: hypertable by at, 5 chunks of 1 day, compression off\n" in done.stdout
    assert "… 2 earlier" in done.stdout
    size = re.search(r"public\.probe  \(3 columns, (?:about [\d,]+ rows, )?(\d+) kB\)", done.stdout)
    assert size, done.stdout
    assert int(size[1]) >= 5 * 8
    # The models were built where there is no TimescaleDB; only what was made by hand differs.
    assert done.returncode == 1
    drift = done.stdout.partition("Drift from the models\n")[2]
    assert "  - table public.probe\n" in drift
    assert "environmental" not in drift.partition("note:")[0]


@pytest.mark.parametrize(
    ("url", "arguments", "code", "says"),
    [
        ("sqlite:///:memory:", (), 1, "inspect_db looks into PostgreSQL"),
        ("postgresql://u:hunter2@localhost:1/x", (), 4, "no server is listening at localhost:1"),
        (None, ("--app", "nosuch"), 1, "no tables of nosuch here; there are: admin"),
        (None, ("--no-models", "--against", "nosuch"), 2, "no database called nosuch"),
        (
            None,
            ("--no-models", "--against", "postgresql://u:hunter2@localhost:1/x"),
            4,
            "no server is listening",
        ),
    ],
)
def test_bad_input(migrated: str, url: str | None, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = inspect(url or migrated, *arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_committed_page_and_pictures_are_those_of_a_migrated_database(migrated: str, tmp_path: Path) -> None:
    words = ("schema", "docs", "--no-sizes", "--output", str(tmp_path / "data_model.md"))
    done = subprocess.run(
        (sys.executable, "-m", "pgwright", *words),
        cwd=FOLDER,
        env=ours(migrated),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    made = {
        p.relative_to(tmp_path): p.read_text(encoding="utf-8") for p in tmp_path.rglob("*") if p.is_file()
    }
    kept = {
        p.relative_to(PAGE.parent): p.read_text(encoding="utf-8")
        for p in (PAGE, *(PAGE.parent / "data_model").iterdir())
    }
    hint = "on a migrated database: pgwright schema docs --no-sizes --output docs/data_model.md"
    assert made.keys() == kept.keys(), hint
    assert {str(name) for name in made if made[name] != kept[name]} == set(), hint
