"""Names of NOT NULLs, and those that no row was checked for: PostgreSQL 18 beside older ones and models."""

from __future__ import annotations

from pathlib import Path

import pytest

from pgwright.diff.apply import apply_plan
from pgwright.diff.comparison import compare_sources
from pgwright.diff.proposal import propose
from pgwright.errors import UnsupportedChange
from pgwright.sources.workshop import Workshop
from tests.conftest import MakeDatabase
from tests.integration.diff.ways import read, rows, run
from tests.servers.running import Server

NAMED = """
CREATE TABLE t (a int CONSTRAINT must NOT NULL, b int NOT NULL NO INHERIT, c int NOT NULL);
COMMENT ON CONSTRAINT must ON t IS 'indeed';
"""
MODELS = """
from sqlalchemy import Column, Integer, MetaData, Table
metadata = MetaData()
Table("t", metadata, *(Column(name, Integer, primary_key=False, nullable=False) for name in "abc"))
"""


def test_names_are_no_difference_to_a_server_that_knows_none(
    database: str, server_13: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    old = make_database(server_13)
    run(database, NAMED)
    run(old, "CREATE TABLE t (a int NOT NULL, b int NOT NULL, c int NOT NULL)")
    for pair in ((database, old), (old, database)):
        assert compare_sources(*pair).changes == ()
    file = tmp_path / "schema.sql"
    file.write_text(NAMED, encoding="utf-8")
    told = compare_sources(old, str(file))
    assert told.changes == ()
    assert any("PostgreSQL 13 knows no name" in note and "t.a, public.t.b" in note for note in told.notes)
    file.write_text(
        "CREATE TABLE t (a int NOT NULL, b int NOT NULL, c int); ALTER TABLE t ADD NOT NULL c NOT VALID"
    )
    with pytest.raises(UnsupportedChange, match=r"public\.t\.c cannot be NOT NULL without a look") as caught:
        propose(compare_sources(old, str(file)))
    assert "CHECK (c IS NOT NULL) NOT VALID" in str(caught.value.hint)


def test_models_say_nothing_of_names_but_that_rows_are_checked(database: str, tmp_path: Path) -> None:
    (tmp_path / "named.py").write_text(MODELS, encoding="utf-8")
    workshop = Workshop(root=tmp_path)
    run(database, NAMED)
    assert compare_sources(database, "sqlalchemy:named:metadata", workshop=workshop).changes == ()
    run(
        database,
        "ALTER TABLE t ALTER c DROP NOT NULL; ALTER TABLE t ADD CONSTRAINT late NOT NULL c NOT VALID",
    )
    proposal = propose(compare_sources(database, "sqlalchemy:named:metadata", workshop=workshop))
    assert [s.sql for s in proposal.plan.steps] == ["ALTER TABLE public.t VALIDATE CONSTRAINT late"]


def test_heirs_keep_what_they_forbid_by_themselves(
    server_18: Server, database: str, make_database: MakeDatabase
) -> None:
    heirs = "CREATE TABLE r (a int CONSTRAINT mine NOT NULL) INHERITS (q); CREATE TABLE s () INHERITS (q);"
    run(database, f"CREATE TABLE q (a int NOT NULL); {heirs} CREATE TABLE z (a int NOT NULL) INHERITS (q)")
    assert [str(u) for u in read(database).unhandled] == [
        "NOT NULL of an heir that is called mine public.r.a"
    ]
    other = make_database(server_18)
    run(other, f"CREATE TABLE q (a int); {heirs} CREATE TABLE z () INHERITS (q)")
    proposal = propose(compare_sources(database, other))
    apply_plan(database, proposal.plan, proposal.ends)
    assert compare_sources(database, other).changes == ()
    names = (
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'n' AND conname = 'mine'"
    )
    assert rows(database, names) == [("r", "mine")]
