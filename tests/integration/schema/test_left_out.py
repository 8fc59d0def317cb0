"""What a filter leaves out is not compared; what a plan has to do with it all the same is said first."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgwright.diff.apply import apply_plan
from pgwright.diff.comparison import compare_sources
from pgwright.diff.proposal import propose
from pgwright.diff.resume import resume
from pgwright.errors import StatementError, UsageError
from pgwright.model.selection import Selection
from tests.integration.diff.ways import proposed, rows, run
from tests.integration.schema.command import pgwright

BEFORE = """
CREATE SCHEMA app; CREATE SCHEMA other;
CREATE TYPE app.mood AS ENUM ('glad');
CREATE TABLE app.t (id int PRIMARY KEY, m app.mood);
CREATE TABLE other.o (t int REFERENCES app.t, m app.mood);
CREATE VIEW other.v AS SELECT id FROM app.t;
INSERT INTO app.t VALUES (1, 'glad'); INSERT INTO other.o VALUES (1, 'glad');
"""


def test_what_stands_on_it_is_made_again_and_named(database: str, tmp_path: Path) -> None:
    run(database, BEFORE)
    (tmp_path / "s.sql").write_text(BEFORE.partition("CREATE TABLE other")[0].replace("id int", "id bigint"))
    for verb in ("plan", "validate"):
        done = pgwright("schema", verb, "s.sql", "--schema", "app", folder=tmp_path, DATABASE_URL=database)
        assert "made again as it was" in done.stderr
        assert "view other.v, constraint other.o.o_t_fkey" in done.stderr


def test_what_stands_on_it_stops_what_would_go(database: str, tmp_path: Path) -> None:
    run(database, BEFORE)
    (file := tmp_path / "s.sql").write_text("CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('glad');")
    comparison = compare_sources(database, str(file), selection=Selection(schemas=("app",)))
    with pytest.raises(UsageError, match=r"app\.t.* cannot go: .* other\.\S+ stands on it, and was left out"):
        propose(comparison)
    file.write_text("CREATE SCHEMA third; CREATE TABLE third.x (id int);")
    comparison = compare_sources(database, str(file), selection=Selection(include=("third.x",)))
    with pytest.raises(UsageError, match=r"third\.x needs schema third, which is not there") as caught:
        propose(comparison)
    assert "--include third" in str(caught.value.hint)


def test_a_script_of_a_part_leaves_the_rest_alone(tmp_path: Path) -> None:
    (tmp_path / "s.sql").write_text(BEFORE)
    done = pgwright("schema", "generate", "s.sql", "--schema", "other", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "DROP" not in done.stdout
    assert "CREATE SCHEMA IF NOT EXISTS other" in done.stdout
    assert "left out, and needed by what is written: enum app.mood, table app.t" in done.stderr


def test_it_follows_a_rename_of_what_it_stands_on(database: str, tmp_path: Path) -> None:
    run(database, BEFORE)
    (file := tmp_path / "s.sql").write_text(
        "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('glad');"
        "CREATE TABLE app.people (id int PRIMARY KEY, m app.mood, late int)"
    )
    comparison = compare_sources(database, str(file), selection=Selection(schemas=("app",)))
    proposal = propose(comparison, renames=["app.t=app.people"])
    assert not [s for s in proposal.plan.steps if s.subject.root.name.schema == "other"]
    assert apply_plan(database, proposal.plan, proposal.ends).remaining == ()
    assert rows(database, "SELECT id FROM other.v") == [(1,)]
    assert resume(database, undo=True, allow=["deletes-data"]).remaining == ()
    assert rows(database, "SELECT id FROM other.v JOIN app.t USING (id)") == [(1,)]


def test_a_server_that_takes_no_changes_is_named_before_anything_is_asked(
    database: str, tmp_path: Path
) -> None:
    run(database, "CREATE TABLE t (id int)")
    plan, ends = proposed(database, "CREATE TABLE t (id int, x int)")
    apply_plan(database, plan, ends)
    ((name,),) = rows(database, "SELECT quote_ident(current_database())")
    run(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        run(database, "CREATE TABLE u (id int)")
    with pytest.raises(StatementError, match="are read-only"):
        resume(database, undo=True)
    (tmp_path / "s.sql").write_text("CREATE TABLE t (id int, x int, y int)")
    shown = pgwright("schema", "plan", "s.sql", folder=tmp_path, DATABASE_URL=database)
    assert "as it is, apply will refuse this: sessions on" in shown.stderr
    done = pgwright("schema", "apply", "s.sql", folder=tmp_path, DATABASE_URL=database)
    assert done.returncode == 4
    assert "are read-only" in done.stderr
