"""Another session drops objects while the catalog is read: the reader lists what still stands."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest

from pgwright.sources.database import read_catalog

MADE = """
CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > 0));
CREATE VIEW v AS SELECT a FROM t;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE STATISTICS s ON id, a FROM t;
"""


@pytest.mark.parametrize(
    ("statement", "gone"),
    [
        ("DROP TRIGGER g ON t", {"trigger"}),
        ("DROP FUNCTION f CASCADE", {"function", "trigger"}),
        ("DROP STATISTICS s", {"statistics"}),
    ],
)
def test_what_the_snapshot_still_lists(statement: str, gone: set[str], database: str) -> None:
    with (
        psycopg.connect(database, autocommit=True) as reader,
        psycopg.connect(database, autocommit=True) as other,
    ):
        other.execute(MADE)
        with reader.transaction():
            reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            reader.execute("SELECT 1")
            other.execute(statement.encode())
            found = read_catalog(reader, source="test")
        whole = {"trigger", "function", "statistics", "view", "table"}
        assert {kind for kind in whole if found.of(kind)} == whole - gone


def test_what_is_dropped_while_its_definition_is_awaited(database: str) -> None:
    with (
        psycopg.connect(database, autocommit=True) as reader,
        psycopg.connect(database, autocommit=True) as other,
        psycopg.connect(database) as dropping,
    ):
        other.execute(MADE)
        dropping.execute("DROP VIEW v")

        def commit_when_awaited() -> None:
            waits = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"
            while not other.execute(waits, (reader.info.backend_pid,)).fetchone():
                time.sleep(0.01)
            dropping.commit()

        committing = threading.Thread(target=commit_when_awaited)
        committing.start()
        found = read_catalog(reader, source="test")
        committing.join()
        assert not found.of("view")
        assert found.of("table")
