"""Export and restore of AquaMind: whole, the schema alone, one table."""

from __future__ import annotations

import secrets
from pathlib import Path

import psycopg
import pytest

from pgwright.pg.address import parse_address
from tests.integration.backup.running import pgwright
from tests.systems.aquamind.project import FOLDER, manage


@pytest.mark.parametrize("engine", ["database", "timescale"])
def test_whole_schema_and_one_table(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = request.getfixturevalue(engine)
    manage(url, "migrate", "-v0")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("INSERT INTO batch_species (name, scientific_name) VALUES ('Salmon', 'Salmo salar')")
    names = [f"aqua_{secrets.token_hex(3)}" for _ in range(2)]

    def run(*words: str) -> str:
        repository = ("--repository", str(tmp_path / "backups"))
        environment = {"DATABASE_URL": url, "SECRET_KEY": ""}
        done = pgwright("backup", *words, *repository, cwd=FOLDER, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        run("create")
        run("restore", "--as", names[0], "--yes")
        run("restore", "--as", names[1], "--schema-only", "--yes")
        counts = []
        for name in names:
            with psycopg.connect(parse_address(url).with_database(name).text) as conn:
                counts.append(conn.execute("SELECT count(*) FROM batch_species").fetchone())
        assert counts == [(1,), (0,)]
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("DELETE FROM batch_species")
        assert "1 table, 1 row" in run("restore", "-t", "batch_species", "--yes")
    finally:
        with psycopg.connect(parse_address(url).with_database("postgres").text, autocommit=True) as conn:
            for name in names:
                conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
