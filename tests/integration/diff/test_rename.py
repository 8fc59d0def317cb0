"""Renames that were told keep what tables hold; those that were not are pointed out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgwright.diff.apply import Manner, apply_plan
from pgwright.diff.lookalike import likely_renames
from pgwright.diff.rename import understand
from pgwright.diff.resume import resume
from pgwright.errors import LockTimeoutError, UsageError
from pgwright.model.plan import HazardCode, Plan
from tests.integration.diff.ways import declared, holding, proposed, read, rows, run

SHOP = """
CREATE TABLE clients (id serial PRIMARY KEY, mail text NOT NULL DEFAULT 'none', age int CHECK (age > 0));
CREATE UNIQUE INDEX clients_mail_idx ON clients (lower(mail));
CREATE TABLE bills (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, client int REFERENCES clients);
CREATE VIEW mails AS SELECT id, mail FROM clients;
CREATE FUNCTION count_clients() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM clients; END;
COMMENT ON COLUMN clients.mail IS 'where to write';
GRANT SELECT ON clients TO PUBLIC;
"""
ROWS = """
INSERT INTO clients (mail, age) SELECT 'm' || i, i FROM generate_series(1, 20) AS i;
INSERT INTO bills (client) SELECT i FROM generate_series(1, 20) AS i;
"""


def said(plan: Plan) -> list[str]:
    return [s.sql for s in plan.steps]


def test_table_and_column_together(database: str) -> None:
    run(database, SHOP + ROWS)
    held = rows(database, "SELECT * FROM clients ORDER BY id")
    after = (
        SHOP.replace("TABLE clients", "TABLE customers")
        .replace("mail text", "email text")
        .replace(
            "clients_mail_idx ON clients (lower(mail))", "customers_email_idx ON customers (lower(email))"
        )
        .replace("REFERENCES clients", "REFERENCES customers")
        .replace("SELECT id, mail FROM clients", "SELECT id, email AS mail FROM customers")
        .replace("FROM clients;", "FROM customers;")
        .replace("COLUMN clients.mail", "COLUMN customers.email")
        .replace("ON clients TO", "ON customers TO")
    )
    renames = ["public.clients=public.customers", "public.clients.mail=email"]
    plan, ends = proposed(database, after, renames=renames, rehearsed=True)
    assert not {"CREATE", "DROP"} & {s.sql.split()[0] for s in plan.steps}, said(plan)
    assert len({s.batch for s in plan.steps}) == 1
    assert apply_plan(database, plan, ends).remaining == ()
    assert rows(database, "SELECT * FROM customers ORDER BY id") == held
    assert rows(database, "SELECT id, mail FROM mails ORDER BY id") == [(i, mail) for i, mail, _ in held]
    assert rows(database, "SELECT count_clients()") == [(20,)]
    run(database, "INSERT INTO customers (age) VALUES (1)")
    assert rows(database, "SELECT id, email FROM customers ORDER BY id DESC LIMIT 1") == [(21, "none")]
    assert resume(database, undo=True).remaining == ()
    assert read(database).digest == ends.before.digest
    assert rows(database, "SELECT * FROM clients ORDER BY id")[:20] == held


@pytest.mark.parametrize(
    ("before", "after", "renames"),
    [
        pytest.param("CREATE TABLE t (a int)", "CREATE TABLE t (b int)", ["public.t.a=b"], id="column"),
        pytest.param(
            "CREATE TABLE t (a int)", "CREATE TABLE t (b int)", ["public.t.a=public.t.b"], id="full path"
        ),
        pytest.param(
            "CREATE VIEW a AS SELECT 1 AS x", "CREATE VIEW b AS SELECT 1 AS x", ["public.a=b"], id="view"
        ),
        pytest.param(
            "CREATE MATERIALIZED VIEW a AS SELECT 1 AS x; CREATE INDEX i ON a (x)",
            "CREATE MATERIALIZED VIEW b AS SELECT 1 AS x; CREATE INDEX i ON b (x)",
            ["public.a=b"],
            id="materialized view",
        ),
        pytest.param("CREATE SEQUENCE a START 5", "CREATE SEQUENCE b START 5", ["public.a=b"], id="sequence"),
        pytest.param(
            "CREATE TYPE a AS ENUM ('x'); CREATE TABLE t (v a DEFAULT 'x')",
            "CREATE TYPE b AS ENUM ('x'); CREATE TABLE t (v b DEFAULT 'x')",
            ["public.a=b"],
            id="enum",
        ),
        pytest.param(
            "CREATE DOMAIN a AS int CHECK (VALUE > 0); CREATE TABLE t (v a)",
            "CREATE DOMAIN b AS int CONSTRAINT a_check CHECK (VALUE > 0); CREATE TABLE t (v b)",
            ["public.a=b"],
            id="domain",
        ),
        pytest.param("CREATE TYPE a AS (x int)", "CREATE TYPE b AS (x int)", ["public.a=b"], id="composite"),
        pytest.param(
            "CREATE FUNCTION a(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
            "CREATE TABLE t (v int DEFAULT a(1))",
            "CREATE FUNCTION b(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
            "CREATE TABLE t (v int DEFAULT b(1))",
            ["public.a(integer)=b"],
            id="function",
        ),
        pytest.param(
            "CREATE TYPE m AS ENUM ('x'); CREATE FUNCTION a(x m) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE TYPE n AS ENUM ('x'); CREATE FUNCTION b(x n) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            ["public.m=n", "public.a(public.m)=public.b(public.n)"],
            id="function and type",
        ),
        pytest.param(
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a int); CREATE INDEX j ON t (a)",
            ["public.t.i=j"],
            id="index",
        ),
        pytest.param(
            "CREATE TABLE t (a int CONSTRAINT a CHECK (a > 0))",
            "CREATE TABLE t (a int CONSTRAINT b CHECK (a > 0))",
            ["constraint public.t.a=b"],
            id="constraint named as a column",
        ),
        pytest.param(
            "CREATE SCHEMA a; CREATE TABLE a.t (x serial); CREATE VIEW a.v AS SELECT x FROM a.t",
            "CREATE SCHEMA b; CREATE TABLE b.u (x int); CREATE VIEW b.v AS SELECT x FROM b.u;"
            "CREATE SEQUENCE b.t_x_seq AS int OWNED BY b.u.x;"
            "ALTER TABLE b.u ALTER x SET DEFAULT nextval('b.t_x_seq'), ALTER x SET NOT NULL",
            ["a=b", "a.t=b.u"],
            id="schema and table",
        ),
        pytest.param(
            "CREATE TABLE t (a int PRIMARY KEY)",
            "CREATE SCHEMA app; CREATE TABLE app.t (a int PRIMARY KEY)",
            ["public.t=app.t"],
            id="into a new schema",
        ),
        pytest.param(
            "CREATE TABLE t (a int, b int)",
            "CREATE TABLE t (b int, a int)",
            ["public.t.a=b", "public.t.b=a"],
            id="swap",
        ),
        pytest.param(
            "CREATE TABLE t (a int, b int)",
            "CREATE TABLE u (b int, a int)",
            ["public.t=u", "public.t.a=b", "public.t.b=a"],
            id="swap within what is renamed",
        ),
        pytest.param(
            "CREATE TABLE a (x int); CREATE TABLE b (y int)",
            "CREATE TABLE b (x int); CREATE TABLE c (y int)",
            ["public.a=b", "public.b=c"],
            id="chain",
        ),
        pytest.param(
            'CREATE TABLE "A b" ("c=d" int, "e.f" int)',
            'CREATE TABLE "order" ("x=y" int, "u.v" int)',
            ["public.A b=order", "public.A b.c=d=public.order.x=y", "public.order.e.f=u.v"],
            id="awkward names",
        ),
        pytest.param(
            "CREATE TABLE p (a int, k int) PARTITION BY LIST (k);"
            "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
            "CREATE INDEX p_a_idx ON p (a)",
            "CREATE TABLE q (b int, k int) PARTITION BY LIST (k);"
            "CREATE TABLE p1 PARTITION OF q FOR VALUES IN (1);"
            "CREATE INDEX q_b_idx ON q (b)",
            ["public.p=q", "public.p.a=b"],
            id="partitioned table",
        ),
        pytest.param(
            "CREATE TABLE t (a int); CREATE STATISTICS s (ndistinct) ON a, (a + 1) FROM t",
            "CREATE TABLE t (b int); CREATE STATISTICS s (ndistinct) ON b, (b + 1) FROM t",
            ["public.t.a=b"],
            id="statistics follow",
        ),
        pytest.param(
            "CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a); CREATE STATISTICS s ON a, b FROM t",
            "CREATE TABLE t (a int, b int); CREATE INDEX j ON t (a); CREATE STATISTICS z ON a, b FROM t",
            ["public.i=public.j", "public.s=z"],
            id="parts by names of their own",
        ),
        pytest.param(
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
            "CREATE FUNCTION g(int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
            "CREATE FUNCTION g(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
            ["public.f(integer)=g(integer)", "public.g(integer)=f(integer)"],
            id="functions that swap their names",
        ),
        pytest.param(
            "CREATE TYPE pair AS (a int, b int); CREATE TABLE t OF pair (PRIMARY KEY (a))",
            "CREATE TYPE pair AS (a int, b int); CREATE TABLE t OF pair (CONSTRAINT key PRIMARY KEY (a))",
            ["public.t.t_pkey=key"],
            id="the key of a table of a type",
        ),
        pytest.param(
            "CREATE SCHEMA one; CREATE TABLE one.t (a int); CREATE TABLE t (b int);"
            "CREATE FUNCTION one.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2'",
            "CREATE SCHEMA app; CREATE TABLE m (a int); CREATE TABLE t (b int);"
            "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 2';"
            "CREATE FUNCTION h(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            ["one=app", "one.t=public.m", "one.f(integer)=public.h(integer)"],
            id="into a schema where the old name is taken",
        ),
    ],
)
def test_renamed_in_place(database: str, before: str, after: str, renames: list[str]) -> None:
    run(database, before)
    plan, ends = proposed(database, after, renames=renames, rehearsed=True)
    made = [s for s in said(plan) if s.startswith(("DROP ", "CREATE OR"))]
    assert not made, said(plan)
    assert not plan.refused()
    assert apply_plan(database, plan, ends).remaining == ()
    assert resume(database, undo=True, allow=["deletes-data"]).remaining == ()
    assert read(database).digest == ends.before.digest


@pytest.mark.parametrize(
    ("rename", "message"),
    [
        ("public.t.a", "written old=new"),
        ("public.nosuch=public.u", "there is no public.nosuch"),
        ("public.t.a=nosuch", "the target has no column nosuch"),
        ("public.t.a=b", "there already"),
        ("public.t=public.u;public.t.b=public.u.a", "column public.t.a is there already"),
        ("public.f(integer)=f(bigint)", "keeps its name"),
        ("public.m.x=z", "the target has no enum value"),
        ("public.m.x=y", "there already"),
        ("default public.t.a.default=x", "cannot be renamed|there is no"),
    ],
)
def test_renames_that_lead_nowhere(database: str, rename: str, message: str) -> None:
    run(database, "CREATE TABLE t (a int DEFAULT 1, b int); CREATE TYPE m AS ENUM ('x', 'y')")
    run(database, "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    target = "CREATE TABLE t (b int); CREATE TABLE u (a int); CREATE TYPE m AS ENUM ('y');"
    target += "CREATE FUNCTION f(bigint) RETURNS int LANGUAGE sql AS 'SELECT 1'"
    with pytest.raises(UsageError, match=message):
        proposed(database, target, renames=rename.split(";"))


@pytest.mark.parametrize("rename", ["public.t.amoun=public.t.sum", "public.t.amount=summ"])
def test_a_rename_with_a_slip_is_told_the_right_one(database: str, rename: str) -> None:
    run(database, "CREATE TABLE t (amount int)")
    with pytest.raises(UsageError) as caught:
        proposed(database, "CREATE TABLE t (sum int)", renames=[rename])
    assert caught.value.hint == "did you mean --rename public.t.amount=public.t.sum"


def test_a_rename_that_was_stopped_is_resumed_as_one(database: str) -> None:
    run(database, "CREATE TABLE a (x int, y int); INSERT INTO a VALUES (1, 1)")
    plan, ends = proposed(database, "CREATE TABLE b (x int NOT NULL, y int)", renames=["public.a=b"])
    hasty = replace(plan, steps=tuple(replace(s, lock_timeout=0.05) for s in plan.steps))
    for undo in (False, True):
        with holding(database, "SELECT * FROM a"), pytest.raises(LockTimeoutError):
            apply_plan(database, hasty, ends, manner=Manner(lock_attempts=1))
        assert resume(database, undo=undo).remaining == ()
        assert rows(database, "SELECT x FROM a" if undo else "SELECT x FROM b") == [(1,)]
        if not undo:
            assert resume(database, undo=True).remaining == ()


def test_values_of_enums_keep_their_rows(database: str) -> None:
    """Also where a type is renamed with its values, two of which swap, and one more comes."""
    before = """
    CREATE TYPE mood AS ENUM ('so so', 'it''s.ok', 'a', 'b');
    CREATE TABLE t (m mood DEFAULT 'so so' CHECK (m <> 'b'), ms mood[]) PARTITION BY LIST (m);
    CREATE TABLE t1 PARTITION OF t FOR VALUES IN ('so so', 'it''s.ok');
    CREATE TABLE t2 PARTITION OF t DEFAULT;
    CREATE INDEX ON t (m) WHERE m = 'so so';
    CREATE VIEW v AS SELECT m FROM t WHERE m > 'so so';
    """
    run(database, before + "INSERT INTO t VALUES (DEFAULT, '{so so,b}'), ('it''s.ok', '{a}'), ('a', NULL)")
    names = (("it''s.ok", "fine=1"), ("so so", "ok"), ("'a', 'b'", "'b', 'a', 'c'"), ("<> 'b'", "<> 'a'"))
    after = before.replace("mood", "feeling")
    for old, new in names:
        after = after.replace(old, new)
    renames = ["public.mood=feeling", "public.mood.so so=ok", "enum value public.mood.it's.ok=fine=1"]
    renames += ["public.feeling.a=b", "public.mood.b=public.feeling.a"]
    plan, ends = proposed(database, after, renames=renames, rehearsed=True)
    assert {s.sql.split()[0] for s in plan.steps} == {"ALTER"} and not plan.refused(), said(plan)
    assert sum("RENAME VALUE" in sql for sql in said(plan)) == 5, "two that swap need a third name"
    assert apply_plan(database, plan, ends).remaining == ()
    held = [("b", None), ("fine=1", "{b}"), ("ok", "{ok,a}")]
    assert rows(database, "SELECT m::text, ms::text FROM t ORDER BY 1") == held
    assert resume(database, undo=True).remaining == ()
    assert read(database).digest == ends.before.digest
    assert ("so so", '{"so so",b}') in rows(database, "SELECT m::text, ms::text FROM t")


@pytest.mark.parametrize(
    ("old", "new", "likely"),
    [
        ("ENUM ('a', 'b', 'c')", "ENUM ('a', 'x y', 'c')", ["public.mood.b=public.mood.x y"]),
        ("ENUM ('a', 'b', 'c')", "ENUM ('a', 'c', 'x')", ["public.mood.b=public.mood.x"]),
        (
            "ENUM ('NEW', 'OLD')",
            "ENUM ('new', 'old')",
            ["public.mood.NEW=public.mood.new", "public.mood.OLD=public.mood.old"],
        ),
        ("ENUM ('a', 'b', 'c')", "ENUM ('x', 'y', 'a')", []),
        ("ENUM ('a', 'b')", "ENUM ('b')", []),
        ("(a int, b text)", "(a int, x text)", ["public.mood.b=public.mood.x"]),
        ("(a int, b text)", "(a int, x varchar)", []),
        ("(a int, b int)", "(b int, x int)", []),
    ],
)
def test_members_that_look_renamed_are_pointed_out(
    database: str, old: str, new: str, likely: list[str]
) -> None:
    run(database, f"CREATE TYPE mood AS {old}; CREATE TABLE t (m mood)")
    plan, ends = proposed(database, f"CREATE TYPE mood AS {new}; CREATE TABLE t (m mood)")
    assert [str(r) for r in likely_renames(ends.before, ends.after)] == likely
    marked = [h for s in plan.steps for h in s.hazards if h.code is HazardCode.LOOKS_LIKE_RENAME]
    assert len(marked) == len(plan.notes) == len(likely)
    told, _ = proposed(
        database, f"CREATE TYPE mood AS {new}; CREATE TABLE t (m mood)", renames=likely, rehearsed=True
    )
    assert not likely or not any(h.code is HazardCode.LOOKS_LIKE_RENAME for h in told.hazards)


def test_what_looks_like_a_rename_is_pointed_out(database: str) -> None:
    run(
        database,
        "CREATE TABLE old (id int, name text, born date); CREATE TABLE t (mail text, n int, m int);"
        "CREATE TYPE mood AS ENUM ('x'); CREATE INDEX i ON t (n);"
        "CREATE SEQUENCE a; CREATE SEQUENCE b; CREATE TABLE c (a int DEFAULT nextval('a'), b int);"
        "CREATE TABLE k (x int CONSTRAINT one UNIQUE)",
    )
    plan, _ = proposed(
        database,
        "CREATE TABLE new (id int, name text, born date, more int);"
        "CREATE TABLE k (x int CONSTRAINT two UNIQUE);"
        "CREATE TABLE t (email text, u int, v int);"
        "CREATE TYPE feeling AS ENUM ('x');"
        "CREATE SEQUENCE d; CREATE SEQUENCE e;"
        "CREATE TABLE c (a int DEFAULT nextval('e'::text::regclass), b int)",
    )
    shown = "\n".join(plan.notes)
    assert "--rename public.old=public.new" in shown
    assert "--rename public.t.mail=public.t.email" in shown
    assert "--rename public.mood=public.feeling" in shown
    assert "--rename public.a=public.e" in shown, "they number the same column"
    assert len(plan.notes) == 4, "n, m, u and v are not clear, and the plan renames the constraint by itself"
    marked = {s.subject.path for s in plan.steps for h in s.hazards if h.code is HazardCode.LOOKS_LIKE_RENAME}
    assert {"public.old", "public.t.mail"} <= marked


def test_a_likely_rename_is_understood_as_it_is_written() -> None:
    before = declared("CREATE TABLE a (x int, y text); CREATE SCHEMA s; CREATE TABLE s.t (x int)")
    after = declared("CREATE TABLE b (x int, y text); CREATE SCHEMA r; CREATE TABLE r.t (x int)")
    likely = likely_renames(before, after)
    assert {str(r) for r in likely} == {"public.a=public.b", "s=r"}
    assert set(understand([str(r) for r in likely], before, after)) == set(likely)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("public.t.email=public.t.mail", "--rename public.t.mail=public.t.email"),
        ("t.mail=email", "--rename public.t.mail=email"),
        ("public.t.mial=email", "--rename public.t.mail=email"),
    ],
)
def test_a_rename_of_what_is_not_there_names_what_was_meant(text: str, hint: str) -> None:
    before, after = declared("CREATE TABLE t (mail text)"), declared("CREATE TABLE t (email text)")
    with pytest.raises(UsageError) as caught:
        understand([text], before, after)
    assert str(caught.value.hint).endswith(hint)
    assert understand([hint.removeprefix("--rename ")], before, after)
