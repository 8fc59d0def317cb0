"""What a statement is, is read from its first words."""

from __future__ import annotations

import pytest

from pgwright.migrate.worker.statements import Form, Statement, classify


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT 1", Statement(form=Form.READS)),
        ("-- why\n  /* and\n how */ select 1", Statement(form=Form.READS)),
        ("CREATE INDEX a ON t (b)", Statement(form=Form.TRANSACTIONAL)),
        ("UPDATE t SET a = 1", Statement(form=Form.TRANSACTIONAL, changes_rows=True)),
        (
            'create unique index\n concurrently if not exists "a b" on only s."T" (x)',
            Statement(form=Form.ALONE, waits=True, builds='"a b"', table='s."T"'),
        ),
        ("CREATE INDEX CONCURRENTLY ON t (x)", Statement(form=Form.ALONE, waits=True, table="t")),
        ("DROP INDEX CONCURRENTLY IF EXISTS s.a", Statement(form=Form.ALONE, waits=True, drops="s.a")),
        ("REINDEX TABLE CONCURRENTLY t", Statement(form=Form.ALONE, waits=True)),
        ("VACUUM t", Statement(form=Form.ALONE)),
        ("ALTER TABLE p DETACH PARTITION q CONCURRENTLY", Statement(form=Form.ALONE, waits=True)),
        ("ALTER TYPE e ADD VALUE 'x'", Statement(form=Form.TRANSACTIONAL)),
        ("", Statement(form=Form.TRANSACTIONAL)),
    ],
)
def test_classify(text: str, wanted: Statement) -> None:
    assert classify(text) == wanted
