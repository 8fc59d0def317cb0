"""Development to production, and encrypted backups, by the commands of Skycaster's README."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import psycopg

from pgwright.pg.address import parse_address
from tests.conftest import MakeDatabase
from tests.integration.backup.running import pgwright
from tests.servers.running import Server

from .system import FOLDER, Skycaster


def test_data_alone_moves_into_a_database_built_from_schema_sql(
    migrated: Skycaster, server_18: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    migrated.python("-m", "app.demo", "--scale", "0.01")
    production = make_database(server_18)
    with psycopg.connect(production, autocommit=True) as conn:
        conn.execute((FOLDER / "schema.sql").read_bytes())
    run = _runner(tmp_path)
    run("backup", "create", "--data-only", url=migrated.url)
    assert "rows as in the manifest" in run("backup", "restore", *_newest(tmp_path), "--yes", url=production)
    # Counts and contents, down to the row.
    run(
        "verify",
        migrated.url,
        production,
        "--no-schema",
        "--exclude",
        "public.alembic_version",
        url=production,
    )


def test_chosen_tables_and_the_group_of_configuration(
    migrated: Skycaster, server_18: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    migrated.python("-m", "app.demo", "--scale", "0.01")
    production = Skycaster(url=make_database(server_18))
    production.alembic("upgrade", "head")
    run = _runner(tmp_path)
    # Prices refer to users, and users to currencies: chosen tables that refer to each other go together.
    chosen = ("--group", "configuration", "-t", "users", "-t", "api_keys")
    run("backup", "create", "--data-only", *chosen, url=migrated.url)
    run("backup", "restore", *_newest(tmp_path), "--yes", url=production.url)
    for table in ("users", "api_keys", "pricing_config", "currency_config", "variable_mapping"):
        query = f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"
        assert migrated.names(query) == production.names(query) != [None]


def test_an_encrypted_backup_comes_back(migrated: Skycaster, tmp_path: Path) -> None:
    migrated.python("-m", "app.demo", "--scale", "0.01")
    ring = tmp_path / "ring"
    ring.mkdir(mode=0o700)
    run = _runner(tmp_path, GNUPGHOME=str(ring), PGWRIGHT_PASSPHRASE="correct horse battery")
    run("backup", "create", "--recipient", "passphrase", url=migrated.url)
    copy = f"sky_{secrets.token_hex(3)}"
    try:
        run("backup", "restore", "--as", copy, "--yes", url=migrated.url)
        run("verify", migrated.url, parse_address(migrated.url).with_database(copy).text, url=migrated.url)
    finally:
        with migrated.connect() as conn:
            conn.execute(f"DROP DATABASE IF EXISTS {copy}".encode())


def _runner(tmp_path: Path, **environment: str) -> Callable[..., str]:
    repository = ("--repository", str(tmp_path / "backups"))

    def run(*words: str, url: str) -> str:
        where = repository if words[0] == "backup" else ()
        done = pgwright(*words, *where, cwd=FOLDER, DATABASE_URL=url, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def _newest(tmp_path: Path) -> tuple[str, ...]:
    """Return the id of the backup that was made last."""
    folders = (tmp_path / "backups" / "backups").iterdir()
    return (max(folders, key=lambda folder: folder.stat().st_mtime_ns).name,)
