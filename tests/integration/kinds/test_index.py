"""The definitions of indexes that are not asked of the server are what it would have said."""

from __future__ import annotations

import psycopg

from pgwright.diff.planner import make_plan
from pgwright.kinds.index import Index
from pgwright.sources.database import read_catalog
from tests.conftest import MakeDatabase
from tests.integration.slate import Slate
from tests.integration.test_cases import CASES, parse
from tests.servers.running import Server

# A table for each type that a column can have, those of an extension too, with an index for each class of
# btree that takes the type, and one for the class that PostgreSQL chooses.
_PAIRS = """
DO $$
DECLARE
    type record;
    class record;
BEGIN
    FOR type IN SELECT t.oid, format_type(t.oid, NULL) AS name FROM pg_type AS t
                WHERE t.typtype IN ('b', 'd', 'e') AND t.typisdefined AND t.typnamespace IN (11, 2200)
                  AND (t.typelem = 0 OR t.oid IN ('text[]'::regtype, 'name'::regtype)) LOOP
        EXECUTE format('CREATE TABLE t%s (x %s)', type.oid, type.name);
        BEGIN
            EXECUTE format('CREATE INDEX t%s_ ON t%s (x)', type.oid, type.oid);
        EXCEPTION WHEN undefined_object THEN
        END;
        FOR class IN SELECT o.oid, n.nspname, o.opcname FROM pg_opclass AS o
                     JOIN pg_namespace AS n ON n.oid = o.opcnamespace WHERE o.opcmethod = 403 LOOP
            BEGIN
                EXECUTE format(
                    'CREATE INDEX t%s_%s ON t%s (x %I.%I)',
                    type.oid, class.oid, type.oid, class.nspname, class.opcname);
            EXCEPTION WHEN datatype_mismatch THEN
            END;
        END LOOP;
    END LOOP;
END $$
"""
_SETTINGS = """
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN price AS numeric(6, 2);
CREATE DOMAIN word AS text COLLATE "C";
CREATE DOMAIN short AS varchar(10);
CREATE TABLE sundry (a int, b text, c varchar(9), d text COLLATE "C", "E x" int, "user" int, f word);
CREATE INDEX i1 ON sundry (a DESC);
CREATE INDEX i2 ON sundry (a NULLS FIRST, b);
CREATE TABLE plain (a int, b text, c varchar(9), f price, g timestamptz, gone int, h short);
ALTER TABLE plain DROP gone;
CREATE INDEX i3 ON plain (a, b, c, f, g, h);
CREATE INDEX i4 ON plain (b COLLATE "C");
CREATE INDEX i5 ON plain (a) INCLUDE (b);
CREATE INDEX i6 ON plain (a) WHERE a > 1;
CREATE INDEX i7 ON plain (lower(b));
CREATE INDEX i8 ON plain (a) WITH (fillfactor = 70);
CREATE INDEX i9 ON plain USING hash (a);
CREATE UNIQUE INDEX i10 ON plain (a, b);
CREATE INDEX i11 ON plain (b text_pattern_ops);
CREATE INDEX i12 ON plain (c varchar_ops);
CREATE INDEX i13 ON sundry (b);
CREATE INDEX i14 ON sundry (d COLLATE "default");
CREATE INDEX i15 ON sundry ("user");
CREATE INDEX i16 ON sundry (f);
CREATE INDEX i17 ON plain (f DESC NULLS LAST);
CREATE TABLE whole (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (9);
CREATE INDEX i18 ON whole (a, b);
CREATE INDEX i19 ON ONLY whole (b);
CREATE MATERIALIZED VIEW seen AS SELECT a, b FROM plain;
CREATE INDEX i20 ON seen (a, b);
ALTER TABLE plain RENAME g TO "When";
"""


def test_definitions_are_what_the_server_prints(each_server: Server, make_database: MakeDatabase) -> None:
    with psycopg.connect(make_database(each_server), autocommit=True) as conn:
        conn.execute(_SETTINGS.encode())
        if each_server.version >= 15:
            conn.execute("CREATE UNIQUE INDEX i21 ON plain (a) NULLS NOT DISTINCT")
        check(conn)
        # From here on text is a type for which another can stand that has a class of its own.
        conn.execute("CREATE EXTENSION citext")
        conn.execute(_PAIRS.encode())
        assert check(conn) > 150


def test_an_index_that_a_partition_has_already_becomes_part_of_the_parents(slate: Slate) -> None:
    case = parse(CASES / "partition" / "own_index_taken_over_by_parents.sql")
    plan = make_plan(slate.read(case.before), slate.read(case.after))
    assert [s.sql for s in plan.steps] == [
        "CREATE INDEX p_k_idx ON ONLY public.p USING btree (k)",
        "ALTER INDEX public.p_k_idx ATTACH PARTITION public.q_k_idx",
    ]


def check(conn: psycopg.Connection[tuple[str, str]]) -> int:
    found = [o for o in read_catalog(conn, source="test").of("index") if isinstance(o, Index)]
    with conn.transaction():
        conn.execute("SET LOCAL search_path = ''")
        query = "SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_class AS c WHERE c.relkind IN ('i', 'I')"
        printed = {name: definition for name, definition in conn.execute(query).fetchall()}  # noqa: C416
    for index in found:
        assert printed[index.id.name.name].endswith(f" {index.body}"), index
    return len(found)
