"""Fixtures of backup tests."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgwright import server
from pgwright.backup.repository.repository import Repository, open_repository
from tests.integration.backup.project import Project

SETTINGS = {"summarize_wal": "on", "max_wal_size": "256MB", "shared_buffers": "16MB"}


@pytest.fixture
def project(tmp_path: Path, database: str) -> Project:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1), (2), (3)")
        conn.execute(
            "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('a1')"
        )
    return Project(tmp_path, database, 'queries = ["SELECT count(*) = 3 FROM orders"]\nkeep_days = 2\n')


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    """Return the URL of a server of its own: base backups hold whatever else is on a server."""
    name = f"pitr-{secrets.token_hex(3)}"
    try:
        yield server.url(server.start(name, durable=False, settings=SETTINGS))
    finally:
        server.remove(name)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return open_repository(str(tmp_path / "repository"))
