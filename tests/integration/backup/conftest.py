"""Fixtures of backup tests."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.integration.backup.project import Project


@pytest.fixture
def project(tmp_path: Path, database: str) -> Project:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1), (2), (3)")
        conn.execute(
            "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('a1')"
        )
    return Project(tmp_path, database, 'queries = ["SELECT count(*) = 3 FROM orders"]\nkeep_days = 2\n')
