"""`manage.py export_batches` and `import_batches`: from one environment to another."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import psycopg
import pytest

from tests.conftest import MakeDatabase
from tests.servers.running import Server

from .project import manage, run

BATCHES = "SELECT b::text FROM batch_batch b ORDER BY id"
SPECIES = """
INSERT INTO batch_species VALUES (1, 'Salmon', 'Salmo salar');
INSERT INTO batch_lifecyclestage (id, position, name, expected_days, expected_weight_g, species_id)
VALUES (1, 1, 'Egg', 60, 0.10, 1)
"""


def rows(url: str, query: str = BATCHES) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(query.encode()).fetchall()


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement.encode())


@pytest.fixture(scope="module")
def migrated(server_18: Server, make_module_database: MakeDatabase) -> tuple[str, str]:
    """Return two migrated databases, the first with 1,000 batches."""
    source, target = make_module_database(server_18), make_module_database(server_18)
    for url in (source, target):
        manage(url, "migrate", "--verbosity", "0")
        execute(url, *SPECIES.split(";\n"))
    execute(
        source,
        "INSERT INTO batch_batch (batch_number, species_id, stage_id, start_date, initial_count, notes)"
        " SELECT 'B' || g, 1, 1, date '2024-01-01' + g, 1000 + g, E'note \\\\ \"' || g || E'\"\\n'"
        " FROM generate_series(0, 999) g",
    )
    return source, target


@pytest.fixture
def places(migrated: tuple[str, str]) -> tuple[str, str]:
    """Return the same; the second has no batches."""
    execute(migrated[1], "TRUNCATE batch_batch CASCADE")
    return migrated


def test_batches_move_and_come_again(places: tuple[str, str], tmp_path: Path) -> None:
    source, target = places
    path = tmp_path / "batches.json"
    assert "Exported 1000 batches" in manage(source, "export_batches", "--output", str(path))
    assert len(json.loads(path.read_text())) == 1000
    said = manage(target, "import_batches", "--input", str(path), "--dry-run")
    assert "Would import 1000 batches: 1000 new" in said and rows(target) == []
    assert "1000 new, 0 updated" in manage(target, "import_batches", "--input", str(path))
    assert rows(target) == rows(source)
    execute(target, "UPDATE batch_batch SET notes = 'changed' WHERE id < 10")
    assert "0 new, 1000 updated" in manage(target, "import_batches", "--input", str(path))
    assert rows(target) == rows(source)
    # The next batch that the application makes gets an id of its own.
    execute(
        target,
        "INSERT INTO batch_batch (batch_number, species_id, stage_id, start_date, initial_count)"
        " VALUES ('next', 1, 1, '2025-01-01', 1)",
    )


def test_start_date_chooses_and_gzip_is_understood(places: tuple[str, str], tmp_path: Path) -> None:
    source, target = places
    path = tmp_path / "late.json.gz"
    manage(source, "export_batches", "--output", str(path), "--start-date", "2026-09-20")
    found = json.loads(gzip.decompress(path.read_bytes()))
    assert {row["model"] for row in found} == {"batch.batch"}
    assert len(found) == len(rows(source, "SELECT FROM batch_batch WHERE start_date >= '2026-09-20'")) > 0
    assert found[0]["fields"]["species"] == 1
    manage(target, "import_batches", "--input", str(path))
    assert len(rows(target)) == len(found)


def test_django_reads_ours_and_we_read_djangos(places: tuple[str, str], tmp_path: Path) -> None:
    source, target = places
    ours, theirs = tmp_path / "ours.json", tmp_path / "theirs.json"
    manage(source, "export_batches", "--output", str(ours))
    manage(target, "loaddata", str(ours))
    assert rows(target) == rows(source)
    manage(source, "dumpdata", "batch", "--output", str(theirs))
    execute(target, "DELETE FROM batch_batch")
    assert "1000 new" in manage(target, "import_batches", "--input", str(theirs))
    # Django cuts the time of creation to milliseconds.
    query = (
        "SELECT id, batch_number, species_id, notes, date_trunc('milliseconds', created_at) FROM batch_batch"
    )
    assert sorted(rows(target, query), key=str) == sorted(rows(source, query), key=str)


def test_a_broken_file_changes_nothing(places: tuple[str, str], tmp_path: Path) -> None:
    source, target = places
    path = tmp_path / "batches.json"
    manage(source, "export_batches", "--output", str(path))
    whole = path.read_text()
    for text, words in (
        (whole[: len(whole) // 2], "not one complete JSON array"),
        (
            whole.replace('"start_date":"2024-01-03"', '"start_date":"2024-13-03"'),
            "element 3, column start_date",
        ),
        (whole.replace('"species":1', '"species":7', 1), "batch_species"),
        (whole.replace('"stage":1', '"stage":1,"colour":"red"', 1), "no column colour"),
        ("", "does not hold"),
    ):
        path.write_text(text)
        done = run(target, "import_batches", "--input", str(path))
        assert done.returncode in (2, 4), done.stderr
        assert words in done.stderr
        assert rows(target) == []
    assert "no file" in run(target, "import_batches", "--input", str(tmp_path / "no.json")).stderr
    assert "batches move between PostgreSQL" in run("sqlite:///:memory:", "export_batches").stderr
