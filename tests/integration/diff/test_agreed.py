"""Plans applied to live databases: what was agreed to, who may carry it out, what heirs have twice."""

from __future__ import annotations

import pytest
from psycopg.conninfo import make_conninfo

from pgwright.diff.apply import apply_plan
from pgwright.diff.comparison import compare_sources
from pgwright.diff.proposal import propose
from pgwright.diff.resume import resume
from pgwright.errors import HazardRefused, PrivilegeError, StatementError
from pgwright.pg import connect
from pgwright.state.ledger import Ledger
from tests.conftest import MakeDatabase
from tests.integration.diff.ways import proposed, rows, run
from tests.servers.running import Server

BEFORE = "CREATE TABLE t (id int PRIMARY KEY, x int, gone text); INSERT INTO t VALUES (1, 1, 'a')"


def test_a_role_that_may_not_change_a_table_changes_nothing(database: str) -> None:
    run(database, BEFORE + "; CREATE VIEW v AS SELECT x FROM t")
    plan, ends = proposed(database, "CREATE TABLE more (id int); CREATE TABLE t (id int PRIMARY KEY, x int)")
    ((name,),) = rows(database, "SELECT quote_ident(current_database())")
    run(database, f"CREATE ROLE lowly LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE {name} TO lowly")
    try:
        with pytest.raises(PrivilegeError, match=r"lowly may not change public\.t, public\.v,") as caught:
            url = make_conninfo(database, user="lowly", password="x")
            apply_plan(url, plan, ends, allow=["deletes-data"])
    finally:
        run(database, "DROP OWNED BY lowly; DROP ROLE lowly")
    assert "GRANT postgres TO lowly" in str(caught.value.hint)
    with connect(database, autocommit=True) as conn:
        assert not Ledger(conn=conn).exists()


def test_what_was_accepted_holds_for_the_rest_of_the_run(database: str) -> None:
    run(database, "CREATE TABLE t (id int, x int, gone int); INSERT INTO t VALUES (1, NULL, 5)")
    plan, ends = proposed(database, "CREATE TABLE t (id int, x int NOT NULL)")
    with pytest.raises(StatementError):
        apply_plan(database, plan, ends, allow=["deletes-data"])
    run(database, "UPDATE t SET x = 8")
    assert resume(database).remaining == ()
    assert rows(database, "SELECT to_jsonb(t) FROM t") == [({"id": 1, "x": 8},)]
    # The way back is another matter.
    run(database, "CREATE TABLE u (id int, lost int)")
    plan, ends = proposed(database, "CREATE TABLE t (id int, x int NOT NULL, new int)")
    apply_plan(database, plan, ends, allow=["deletes-data"])
    with pytest.raises(HazardRefused):
        resume(database, undo=True)


def test_a_column_that_an_heir_has_of_its_own_as_well_goes_with_the_parents(database: str) -> None:
    run(database, "CREATE TABLE p (a int, b int); CREATE TABLE c (b int) INHERITS (p)")
    plan, ends = proposed(database, "CREATE TABLE p (a int); CREATE TABLE c () INHERITS (p)")
    assert apply_plan(database, plan, ends, allow=["deletes-data"]).remaining == ()


def test_two_databases_of_an_older_version_are_rehearsed(
    server_15: Server, make_database: MakeDatabase
) -> None:
    live, wanted = make_database(server_15), make_database(server_15)
    run(live, "CREATE TABLE a (x int); CREATE VIEW v AS SELECT x FROM a")
    run(
        wanted,
        "CREATE TABLE a (x int, y int); CREATE VIEW v AS SELECT x FROM a; CREATE VIEW w AS SELECT y FROM a",
    )
    found = propose(compare_sources(live, wanted))
    assert found.rehearsal is not None
    assert apply_plan(live, found.plan, found.ends).remaining == ()


def test_the_way_back_leaves_out_a_key_over_values_that_are_all_the_same(database: str) -> None:
    run(database, "CREATE TABLE t (id int, code text NOT NULL DEFAULT 'x' UNIQUE, n int, m int DEFAULT 1)")
    run(
        database,
        "CREATE UNIQUE INDEX t_both ON t (n, m); INSERT INTO t VALUES (1, 'a', 1, 1), (2, 'b', 2, 2)",
    )
    plan, ends = proposed(database, "CREATE TABLE t (id int, n int)")
    apply_plan(database, plan, ends, allow=["deletes-data"])
    back = resume(database, undo=True)
    left = "constraint public.t.t_code_key is left out: rows of public.t come to have the same values in it"
    assert left in back.notes
    # What tells rows apart by another column as well comes back whole.
    assert [str(c.id) for c in back.remaining] == ["constraint public.t.t_code_key"]
    run(database, "UPDATE t SET code = id::text")
    assert resume(database).remaining == ()


def test_what_was_computed_is_not_lost(database: str) -> None:
    run(
        database, "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) STORED); INSERT INTO t VALUES (4)"
    )
    plan, ends = proposed(database, "CREATE TABLE t (a int)")
    apply_plan(database, plan, ends)
    back = resume(database, undo=True)
    assert (back.remaining, back.notes) == ((), ())
    assert rows(database, "SELECT b FROM t") == [(8,)]


def test_shapes_that_become_others_come_back(database: str) -> None:
    run(database, "CREATE TABLE t (a box, p point); INSERT INTO t VALUES ('(1,1),(0,0)', '(1,2)')")
    held = rows(database, "SELECT a::text, p::text FROM t")
    plan, ends = proposed(database, "CREATE TABLE t (a polygon, p box)")
    assert not plan.hazards or {h.code.value for h in plan.hazards} == {"rewrites"}
    apply_plan(database, plan, ends)
    assert resume(database, undo=True).notes == ()
    assert rows(database, "SELECT a::text, p::text FROM t") == held
    run(database, "ALTER TABLE t ALTER a TYPE polygon USING '((0,0),(2,3),(4,0))'::polygon")
    plan, ends = proposed(database, "CREATE TABLE t (a box, p point)")
    with pytest.raises(StatementError, match="invalid input syntax for type box"):
        apply_plan(database, plan, ends)


def test_numbers_become_moments_by_a_statement_that_is_named(database: str) -> None:
    run(database, "CREATE TABLE t (at bigint)")
    plan, _ = proposed(database, "CREATE TABLE t (at timestamptz)")
    (hazard,) = [h for h in plan.hazards if h.code == "may-fail"]
    assert "TYPE timestamp with time zone USING to_timestamp(at)" in str(hazard.hint)
    run(database, "INSERT INTO t VALUES (86400)")
    run(database, str(hazard.hint).partition("first: ")[2])
    assert rows(database, "SELECT extract(epoch FROM at)::int FROM t") == [(86400,)]
