"""The way back of a plan that lost data: how far it goes, and what it says of the rest."""

from __future__ import annotations

from pgwright.diff.apply import apply_plan
from pgwright.diff.resume import resume
from pgwright.model.plan import Plan
from tests.integration.diff.ways import proposed, read, run


def test_going_back_says_what_is_empty(database: str) -> None:
    run(database, "CREATE TABLE t (id int PRIMARY KEY, x int, gone text)")
    plan, ends = proposed(database, "CREATE TABLE t (id int PRIMARY KEY, x int)")
    apply_plan(database, plan, ends, allow=["deletes-data"])
    back = resume(database, undo=True)
    assert [note.partition(" comes back")[0] for note in back.notes] == ["column public.t.gone"]
    assert read(database).digest == ends.before.digest


def test_going_back_goes_as_far_as_the_rows_allow(database: str) -> None:
    run(database, "CREATE TABLE a (id int PRIMARY KEY, label text NOT NULL); INSERT INTO a VALUES (1, 'x')")
    run(database, "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a, c int REFERENCES a, d int UNIQUE)")
    run(database, "INSERT INTO b VALUES (1, 1, NULL, 1)")
    run(database, "CREATE TABLE e (k int NOT NULL PRIMARY KEY, v int); INSERT INTO e VALUES (1, 1)")
    run(database, "CREATE TABLE f (k int, v int, PRIMARY KEY (v, k)); INSERT INTO f VALUES (1, 1)")
    after = "CREATE TABLE b (id int PRIMARY KEY, a int, c int, d int UNIQUE); CREATE TABLE e (v int)"
    plan, ends = proposed(database, after + "; CREATE TABLE f (v int PRIMARY KEY)")
    apply_plan(database, plan, ends, allow=["deletes-data"])
    announced: list[Plan] = []
    back = resume(database, undo=True, agree=announced.append)
    assert back.notes == announced[0].notes
    assert [note.partition(":")[0] for note in back.notes] == [
        "table public.a comes back without what it held",
        "column public.e.k comes back without what it held",
        "column public.f.k comes back without what it held",
        "column public.e.k may be null until it has values again, and no primary key has it",
        "column public.f.k may be null until it has values again, and no primary key has it",
        "constraint public.b.b_a_fkey stays unchecked",
        "when that is mended, what is left is done by",
    ]
    assert {str(change.id) for change in back.remaining} == {
        "constraint public.b.b_a_fkey",
        "constraint public.e.e_pkey",
        "column public.e.k",
        "constraint public.f.f_pkey",
        "column public.f.k",
    }
    # The key that is there stays until the whole one can take its place.
    assert [s.summary for s in announced[0].steps if s.subject.name.name == "f_pkey"] == []
    run(database, "INSERT INTO a VALUES (1, 'x'); UPDATE e SET k = 1; UPDATE f SET k = 1")
    assert resume(database).remaining == ()
    assert read(database).digest == ends.before.digest


def test_going_back_gives_a_default_that_is_refused(database: str) -> None:
    run(database, "CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)")
    run(
        database,
        "CREATE TABLE b (x int, a int NOT NULL DEFAULT 0 REFERENCES a, c int DEFAULT 1 REFERENCES a, "
        "n int DEFAULT 0 CONSTRAINT positive CHECK (n > 0), m int DEFAULT 1 CHECK (m > 0))",
    )
    run(database, "INSERT INTO b VALUES (1, 1, 1, 1)")
    plan, ends = proposed(database, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (x int PRIMARY KEY)")
    apply_plan(database, plan, ends, allow=["deletes-data"])
    back = resume(database, undo=True)
    assert [note for note in back.notes if "unchecked" in note] == [
        "constraint public.b.b_a_fkey stays unchecked: "
        "the default of public.b.a refers to no row of table public.a",
        "constraint public.b.positive stays unchecked: it refuses the default that rows come back with",
    ]
    unchecked = {"constraint public.b.b_a_fkey", "constraint public.b.positive"}
    assert {str(change.id) for change in back.remaining} == unchecked
    run(database, "INSERT INTO a VALUES (0); UPDATE b SET n = 1")
    assert resume(database).remaining == ()
    assert read(database).digest == ends.before.digest
