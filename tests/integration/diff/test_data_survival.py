"""What tables hold before a plan that declares no loss, they hold afterwards: by value, over all cases."""

from __future__ import annotations

import psycopg
import pytest

from pgwright.diff.apply import apply_plan
from pgwright.diff.ends import Ends
from pgwright.diff.planner import make_plan
from pgwright.diff.resume import resume
from pgwright.diff.stages import plan_in_stages
from pgwright.errors import StatementError
from pgwright.model.selection import Selection
from tests.integration.diff.filling import contents, fill
from tests.integration.diff.survival import LOSING, check_survival
from tests.integration.diff.ways import proposed, read, rows, run
from tests.integration.slate import Slate
from tests.integration.test_cases import CASES, EMBEDDED_MAJOR, Case, find_cases, parse

_CASES = [
    c
    for c in find_cases()
    if "TABLE" in c.before.upper() and c.since <= EMBEDDED_MAJOR and not (c.defect or c.renames)
]


@pytest.mark.parametrize("case", _CASES, ids=lambda c: f"{c.path.parent.name}/{c.path.stem}")
def test_rows_survive(case: Case, slate: Slate) -> None:
    before, after = (slate.read(sql, roles=case.roles) for sql in (case.before, case.after))
    plan, _ = plan_in_stages(before, after)
    if not LOSING & {h.code for h in plan.hazards}:
        check_survival(case.before, plan, before, after)


_IDENTITY = "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text);"
_SERIAL = "CREATE TABLE t (id bigserial PRIMARY KEY, a text);"
# The sequence keeps the name that the table had.
_OLD_SERIAL = "CREATE TABLE o (id bigserial PRIMARY KEY, a text); ALTER TABLE o RENAME TO t;"
_OLD_SERIAL += "ALTER INDEX o_pkey RENAME TO t_pkey;"
_PLAIN = "CREATE TABLE t (id bigint PRIMARY KEY DEFAULT 7, a text);"
_COUNTED = "CREATE SEQUENCE s; CREATE TABLE t (id bigint PRIMARY KEY DEFAULT nextval('s'), a text);"
_COUNTED_BY_NAME = _COUNTED.replace("s;", "n;").replace("'s'", "'n'::text::regclass")
_COUNTED_WITH_ANOTHER = _COUNTED + "CREATE TABLE u (id bigint DEFAULT nextval('s'));"
_COUNTED_BY_ANOTHERS = _COUNTED.replace("SEQUENCE s", "TABLE u (id bigserial)").replace("'s'", "'u_id_seq'")
_PARTS = " PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT;"
# What disturbs nobody may have a transaction of its own.
_APART = (
    *("CREATE SEQUENCE", "DROP SEQUENCE", "CREATE TABLE public.u ", "ALTER SEQUENCE public.u_id_seq"),
    *("ALTER TABLE public.t1 OWNER", "ALTER TABLE public.u OWNER", "ALTER SEQUENCE public.s OWNER"),
    *("ALTER SEQUENCE public.n OWNER", "ALTER SEQUENCE public.o_id_seq"),
)
_SERIAL_PARTS = "CREATE TABLE t (id bigserial, a text)" + _PARTS
_IDENTITY_PARTS = "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, a text)" + _PARTS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_IDENTITY, _SERIAL),
        (_SERIAL, _IDENTITY),
        (_OLD_SERIAL, _IDENTITY),
        (_OLD_SERIAL, _IDENTITY + "CREATE SEQUENCE o_id_seq"),
        (_PLAIN, _SERIAL),
        (_PLAIN, _IDENTITY),
        (_IDENTITY, _SERIAL_PARTS),
        (_SERIAL, _IDENTITY_PARTS),
        (_PLAIN, _SERIAL_PARTS),
        (_PLAIN, _COUNTED),
        (_COUNTED, _COUNTED_BY_NAME),
        (_SERIAL, _COUNTED_WITH_ANOTHER),
        (_COUNTED, _COUNTED_BY_ANOTHERS),
    ],
)
def test_numbering_goes_on(one: str, other: str, slate: Slate, database: str) -> None:
    before, after = slate.read(one), slate.read(other)
    run(database, one)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("INSERT INTO t (a) VALUES ('x')")
        first = conn.execute("SELECT id FROM t").fetchone()
        plan = make_plan(before, after)
        # A row written in between would have no number, or one that is taken.
        assert len({s.batch for s in plan.steps if not s.sql.startswith(_APART)}) == 1, plan.steps
        # The old sequence's position counts as data, though the new one takes it up.
        ends = Ends(before=before, after=after, selection=Selection())
        apply_plan(database, plan, ends, allow=LOSING)
        conn.execute("INSERT INTO t (a) VALUES ('y')")
        found = conn.execute("SELECT id FROM t ORDER BY id").fetchall()
    assert first is not None
    assert found == [first, (first[0] + 1,)]


@pytest.mark.parametrize("other", [_SERIAL, _IDENTITY, _COUNTED])
def test_numbering_goes_on_from_what_was_text(other: str, slate: Slate, database: str) -> None:
    old = "CREATE TABLE t (id varchar(9) PRIMARY KEY, a text);"
    before, after = slate.read(old), slate.read(other)
    run(database, old + "INSERT INTO t VALUES ('7')")
    plan = make_plan(before, after)
    apply_plan(database, plan, Ends(before=before, after=after, selection=Selection()))
    run(database, "INSERT INTO t (a) VALUES ('w')")
    assert rows(database, "SELECT max(id) FROM t") == [(8,)]


def test_an_identity_goes_on_where_the_serial_stood(slate: Slate, database: str) -> None:
    before, after = slate.read(_SERIAL), slate.read(_IDENTITY)
    run(database, _SERIAL + "INSERT INTO t (a) VALUES ('x'), ('y'), ('z'); DELETE FROM t WHERE id > 1")
    plan = make_plan(before, after)
    assert not LOSING & {h.code for h in plan.hazards}
    apply_plan(database, plan, Ends(before=before, after=after, selection=Selection()))
    run(database, "INSERT INTO t (a) VALUES ('w')")
    assert rows(database, "SELECT max(id) FROM t") == [(4,)]


def test_attributes_that_change_places_keep_their_values(slate: Slate, database: str) -> None:
    case = parse(CASES / "composite" / "reordered_inside_others.sql")
    plan = make_plan(before := slate.read(case.before), after := slate.read(case.after))
    run(database, case.before)
    # None, nothing in it, arrays of arrays.
    run(
        database,
        """
        INSERT INTO t VALUES (
            (1, 'a "b", c', NULL),
            ARRAY[[(2, NULL, '2024-01-01'), NULL], [(3, '', NULL), (4, '{}', NULL)]]::pair[],
            (NULL, ARRAY[(5, E'\\\\ \\n', NULL)]::pair[]),
            (6, 'é', NULL), ARRAY[(NULL, NULL), NULL]::nested[], '{}', 7
        );
        INSERT INTO t VALUES (NULL, NULL, ((NULL, NULL, NULL), NULL), NULL, NULL, ARRAY[NULL]::pair[], 8);
        """,
    )
    ends = Ends(before=before, after=after, selection=Selection())
    apply_plan(database, plan, ends, allow=LOSING)
    assert rows(database, "SELECT to_jsonb(t) FROM t ORDER BY g") == [
        (
            {
                "a": _pair(1, 'a "b", c'),
                "b": [[_pair(2, None), None], [_pair(3, ""), _pair(4, "{}")]],
                "c": {"inner_pair": None, "many": [_pair(5, "\\ \n")]},
                "d": _pair(6, "é"),
                "e": [{"inner_pair": None, "many": None}, None],
                "F x": [],
                "g": 7,
            },
        ),
        (
            {
                **dict.fromkeys("abde"),
                "c": {"inner_pair": _pair(None, None), "many": None},
                "F x": [None],
                "g": 8,
            },
        ),
    ]


def test_values_take_another_type(slate: Slate, database: str) -> None:
    case = parse(CASES / "column" / "type_by_a_cast_or_by_its_text.sql")
    plan = make_plan(before := slate.read(case.before), after := slate.read(case.after))
    run(database, case.before)
    run(
        database,
        "INSERT INTO t VALUES (1, NULL, true, '{true,false}', B'00000101', 0.1 + 0.2::float8, '[1,5)',"
        " '2 hours', '$1,234.50', B'0101', '{7,NULL}')",
    )
    apply_plan(database, plan, Ends(before=before, after=after, selection=Selection()))
    assert rows(database, "SELECT to_jsonb(t) #>> '{}' FROM t") == [
        (
            '{"a": null, "b": 1, "c": [1, 0], "d": 5, "e": 0.30000000000000004, "f": "[1,5)",'
            ' "g": "02:00:00", "h": 1234.50, "i": "0101", "j": ["7", null], "id": 1}',
        )
    ]


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("integer", "12", "varchar(1)"),
        ("timestamp[]", "{2024-01-01 10:00}", "varchar(10)[]"),
        ("text", "10110", "bit varying(4)"),
        ("inet", "10.1.2.3/8", "cidr"),
        ("interval", "25 hours", "time"),
        ("integer", "2", "boolean"),
        ("integer[]", "{16777217}", "real[]"),
        ("numeric(18, 2)", "9007199254740993.25", "double precision"),
        ("bytea", r"\xff", "text"),
    ],
)
def test_a_type_that_does_not_hold_a_value_is_refused(
    old: str, value: str, new: str, slate: Slate, database: str
) -> None:
    template = "CREATE TABLE t (a {});"
    before, after = (slate.read(template.format(type)) for type in (old, new))
    run(database, template.format(old) + f"INSERT INTO t VALUES ('{value}')")
    with pytest.raises(StatementError):
        apply_plan(
            database, make_plan(before, after), Ends(before=before, after=after, selection=Selection())
        )


@pytest.mark.parametrize(
    ("keeping", "lost"),
    [("", False), ("CREATE TABLE kept (a int); ALTER EXTENSION hstore ADD TABLE kept", True)],
)
def test_only_an_extension_with_tables_takes_rows_along(keeping: str, lost: bool, slate: Slate) -> None:
    plan = make_plan(slate.read("CREATE EXTENSION hstore;" + keeping), slate.read(""))
    assert bool(LOSING & {h.code for h in plan.hazards}) is lost


def test_a_default_of_null_does_not_hold_up_a_type(slate: Slate, database: str) -> None:
    old = (
        "CREATE TABLE t (a varchar(9) DEFAULT NULL, b numeric(5, 2) DEFAULT NULL, c varchar(9) DEFAULT '1');"
    )
    between = slate.read("CREATE TABLE t (a text, b numeric(6, 2), c varchar(9) DEFAULT '1')")
    after = slate.read("CREATE TABLE t (a int, b jsonb, c int DEFAULT 1)")
    run(database, old + "INSERT INTO t VALUES ('7', 1.50), (DEFAULT, DEFAULT)")
    for end in (between, after):
        before = read(database)
        plan = make_plan(before, end)
        assert (
            apply_plan(database, plan, Ends(before=before, after=end, selection=Selection())).remaining == ()
        )
    assert rows(database, "SELECT a, b::text, c FROM t ORDER BY a") == [(7, "1.50", 1), (None, None, 1)]


def _pair(one: int | None, other: str | None) -> dict[str, object]:
    return {"one": one, "other": other, "added": None}


def test_the_rows_that_are_made(database: str) -> None:
    run(
        database,
        """
        CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE DOMAIN price AS numeric(6, 2) CHECK (VALUE > 0);
        CREATE TABLE child (id int GENERATED ALWAYS AS IDENTITY, "Parent x" int NOT NULL, PRIMARY KEY (id));
        CREATE TABLE parent (id int PRIMARY KEY, m mood NOT NULL, p price, at timestamptz, day date, u uuid,
            j jsonb, b bytea, flags bool, words text[], name varchar(3) UNIQUE, span int4range, net inet,
            twice int GENERATED ALWAYS AS (id * 2) STORED, CHECK (id > 50));
        ALTER TABLE child ADD FOREIGN KEY ("Parent x") REFERENCES parent;
        CREATE TABLE part (k int, x text) PARTITION BY RANGE (k);
        CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (90);
        """,
    )
    with psycopg.connect(database, autocommit=True) as conn:
        fill(conn)
        for table in ("child", "parent", "part1"):
            columns: list[tuple[str, str | None]] = [("x", None)] if table == "part1" else [("id", None)]
            assert len(contents(conn, ("public", table), columns)) >= 3, table


def test_text_comes_back_from_bytes(database: str) -> None:
    run(database, "CREATE TABLE t (a text, b bytea)")
    run(database, r"INSERT INTO t VALUES ('a\b', '\x6162'), ('\x41', 'c\\d'), ('ü', ''), (NULL, NULL)")
    before = rows(database, "SELECT * FROM t")
    plan, ends = proposed(database, "CREATE TABLE t (a bytea, b text)")
    done = apply_plan(database, plan, ends)
    assert rows(database, "SELECT convert_from(a, 'UTF8'), convert_to(b, 'UTF8') FROM t") == before
    resume(database, done.run.id, undo=True)
    assert rows(database, "SELECT * FROM t") == before


def test_a_number_is_rounded_only_when_the_owner_does_it(database: str) -> None:
    run(database, "CREATE TABLE t (a bigint); INSERT INTO t VALUES (9007199254740993), (NULL)")
    plan, ends = proposed(database, "CREATE TABLE t (a double precision)")
    with pytest.raises(StatementError, match="9007199254740993 has digits") as caught:
        apply_plan(database, plan, ends)
    assert rows(database, "SELECT a FROM t") == [(9007199254740993,), (None,)]
    rounding = str(caught.value.hint).partition("do that first: ")[2].partition(";")[0]
    run(database, rounding)
    apply_plan(database, plan, ends)
    assert rows(database, "SELECT a FROM t") == [(9007199254740992.0,), (None,)]
