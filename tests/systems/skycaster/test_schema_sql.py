"""`schema.sql`: what the models say, loadable by plain psql, twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from tests.servers import databases
from tests.servers.running import Server

from .system import FOLDER, TABLES, Skycaster, schema

FILE = FOLDER / "schema.sql"


def pgwright(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pgwright", *words],
        cwd=FOLDER,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def psql(server: Server, url: str, file: Path) -> subprocess.CompletedProcess[str]:
    assert server.bindir is not None
    parts = conninfo_to_dict(url)
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
    }
    return subprocess.run(
        [server.bindir / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file],
        env={"PATH": os.environ["PATH"], **{v: str(parts[k]) for k, v in names.items()}},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_generated_again_it_is_byte_identical(tmp_path: Path) -> None:
    for name in ("first.sql", "second.sql"):
        done = pgwright("schema", "generate", "--output", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        hint = "the models changed: pgwright schema generate --output schema.sql"
        assert (tmp_path / name).read_bytes() == FILE.read_bytes(), hint


def test_it_loads_with_psql_twice_into_what_alembic_makes(server_18: Server, template: str) -> None:
    migrated = databases.create(server_18, template=template)
    url = databases.create(server_18)
    try:
        first = psql(server_18, url, FILE)
        assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
        loaded = schema(server_18, url)
        with Skycaster(url=url).connect() as connection:
            connection.execute("INSERT INTO users (email) VALUES ('kept@example.com')")
        second = psql(server_18, url, FILE)
        assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
        assert schema(server_18, url) == loaded
        assert Skycaster(url=url).names("SELECT email FROM users") == ["kept@example.com"]
        # Indexes of partitions are named otherwise where the table was converted.
        partless = "--exclude-table=audit_logs_*"
        assert sorted(schema(server_18, url, partless)) == sorted(schema(server_18, migrated, partless))
        bounds = (
            "SELECT concat(relname, pg_get_expr(relpartbound, oid)) FROM pg_class"
            " WHERE relispartition AND relkind = 'r' ORDER BY 1"
        )
        partitions = Skycaster(url=url).names(bounds)
        assert len(partitions) == 5 and partitions == Skycaster(url=migrated).names(bounds)
        drift = pgwright("schema", "diff", PGWRIGHT_URL=url)
        assert drift.returncode == 0, drift.stdout
    finally:
        databases.drop(migrated)
        databases.drop(url)


def test_it_loads_on_every_version(each_server: Server, server_18: Server) -> None:
    url = databases.create(each_server)
    try:
        for _ in range(2):
            done = psql(server_18, url, FILE)
            assert (done.returncode, done.stderr) == (0, "")
        assert set(Skycaster(url=url).tables()) == TABLES
        # The oldest takes gen_random_uuid() from an extension: that is no difference from the models.
        if each_server.version == 12:
            found = pgwright("schema", "validate", DATABASE_URL=url)
            assert (found.returncode, found.stdout) == (0, "")
    finally:
        databases.drop(url)


def test_it_holds_no_time_place_or_owner() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert "OWNER TO" not in text
    assert "GRANT" not in text
    assert text.isascii()
