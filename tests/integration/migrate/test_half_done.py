"""Revisions of which a part is committed, and what happened to it since."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgwright.errors import MigrationDiverged, StatementError
from pgwright.migrate.run import migrate
from tests.integration.migrate.projects import (
    HEAD,
    TABLE,
    alembic,
    alembic_project,
    pgwright,
    rows,
    write_revision,
)


def test_a_half_done_revision_that_was_edited_is_refused(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE])
    up = (
        'op.execute("ALTER TABLE t ADD COLUMN b int")\n'
        "with op.get_context().autocommit_block():\n"
        '    op.execute("CREATE INDEX CONCURRENTLY t_b ON nobody (b)")'
    )
    path = write_revision(tmp_path, "two", "one", up)
    with pytest.raises(StatementError):
        migrate(project, database, HEAD)
    found = pgwright(tmp_path, database, "migrate", "status")
    assert "two is half applied" in found.stdout
    whole = path.read_text()
    path.write_text(whole.replace("COLUMN b int", "COLUMN b text"))
    with pytest.raises(MigrationDiverged, match="statement 1 of revision two"):
        migrate(project, database, HEAD)
    # What failed may be corrected; what is committed is not run again.
    path.write_text(whole.replace("nobody", "t"))
    assert migrate(project, database, HEAD).state.current == ("two",)


def test_a_half_done_revision_that_was_taken_back_is_refused(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE])
    up = (
        'op.execute("ALTER TABLE t ADD COLUMN b int")\n'
        "with op.get_context().autocommit_block():\n"
        '    op.execute("UPDATE t SET b = 1")\n'
        '    op.execute("CREATE INDEX CONCURRENTLY t_b ON nobody (b)")'
    )
    path = write_revision(tmp_path, "two", "one", up, 'op.execute("ALTER TABLE t DROP COLUMN b")')
    with pytest.raises(StatementError):
        migrate(project, database, HEAD)
    path.write_text(path.read_text().replace("nobody", "t"))
    # Finished and taken back by hand and Alembic, which know nothing of the part that is on record.
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE INDEX t_b ON t (b)")
    alembic(tmp_path, database, "stamp", "two")
    alembic(tmp_path, database, "downgrade", "-1")
    with pytest.raises(MigrationDiverged, match="taken back since"):
        migrate(project, database, HEAD)
    told = pgwright(tmp_path, database, "migrate", "resume", "--from-start")
    assert told.returncode == 0, told.stderr
    assert rows(database, "SELECT version_num, to_regclass('t_b')::text FROM alembic_version") == [
        ("two", "t_b")
    ]


def test_a_build_that_gives_no_name_is_not_done_twice(tmp_path: Path, database: str) -> None:
    """Killed between the build and its record, or in the build."""
    project = alembic_project(tmp_path, [TABLE])
    up = (
        "with op.get_context().autocommit_block():\n"
        '    op.execute("CREATE INDEX CONCURRENTLY ON t (a)")\n'
        '    op.execute("CREATE INDEX CONCURRENTLY ON nobody (a)")'
    )
    path = write_revision(tmp_path, "two", "one", up)
    with pytest.raises(StatementError):
        migrate(project, database, HEAD)
    undone = "UPDATE pgwright.migration_statement SET is_done = false, evidence = '0' WHERE number = 1"
    count = "SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid = 't'::regclass"
    with psycopg.connect(database, autocommit=True) as conn:
        before = conn.execute(count).fetchone()
        newest = (
            "SELECT max(indexrelid)::text FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisprimary"
        )
        conn.execute(undone.encode())
    with pytest.raises(StatementError, match="nobody"):
        migrate(project, database, HEAD)
    assert rows(database, count) == [before]
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(undone.encode())
        broken = rows(database, newest)[0][0]
        conn.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::oid", (broken,))
    path.write_text(
        path.read_text().replace("nobody", "alembic_version").replace("version (a)", "version (version_num)")
    )
    migrate(project, database, HEAD)
    assert rows(database, count) == [before]
    assert rows(database, newest) != [(broken,)]
