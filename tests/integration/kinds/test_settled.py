"""What the reader returns for a view is what it returns for a view made from that."""

from __future__ import annotations

import psycopg

from pgwright.kinds.view import View
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.sources.database import read_catalog
from tests.conftest import MakeDatabase
from tests.servers.running import Server

TABLES = """
CREATE TYPE public.mood AS ENUM ('a', 'b');
CREATE TABLE public.t (
    id int PRIMARY KEY, a text, vc varchar(10), ch char(3), n numeric, ts timestamptz, j jsonb,
    arr int[], m mood
);
"""
QUERIES = (
    "SELECT id FROM t WHERE vc IN ('a', 'it''s') AND ch IN ('x', 'y') AND m IN ('a', 'b')",
    "SELECT id FROM t WHERE vc NOT IN ('a', NULL, E'\\\\', '),(') OR lower(vc) IN (a, 'b')",
    "SELECT id FROM t WHERE n = ANY (ARRAY[1, 2]) AND vc = ANY ('{a,b}') AND vc = ANY (ARRAY['c', a])",
    "SELECT id FROM t WHERE id BETWEEN 1 AND 2 AND id BETWEEN 3 AND 4 AND (n BETWEEN 5 AND 6 AND id > 0)",
    "SELECT id FROM t WHERE n BETWEEN SYMMETRIC 2 AND 1 OR n BETWEEN 3 AND 4 OR (id, a) < (1, 'x') OR id > 3",
    "SELECT id FROM t WHERE (vc IN ('a', 'b') OR id = 1) OR id = 2 AND a = 'x' AND (id, a) = (1, 'y')",
    "SELECT CASE WHEN vc IN ('a', 'b') THEN 1 WHEN id BETWEEN 1 AND 2 AND a = '' THEN 2 END AS c FROM t",
    "SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS s FROM t"
    " WHERE id IN (SELECT id FROM t WHERE id BETWEEN 1 AND 2 AND vc IN ('a', 'b'))",
    "SELECT bool_and(id BETWEEN 1 AND 2 AND a = 'x') FILTER (WHERE id BETWEEN 1 AND 2 AND a = 'x') AS b"
    " FROM t HAVING count(*) BETWEEN 1 AND 2 AND max(a) = 'x'",
    "SELECT x.a, t.id FROM t JOIN t x ON t.id BETWEEN x.id AND 5 AND x.vc IN ('a', 'b') AND x.id = t.id",
    "SELECT v.one, v.two FROM (VALUES (1, 2), (3, 4)) AS v (one, two) WHERE v.one IN (VALUES (1), (2))",
    "SELECT q.one FROM (SELECT column1 AS one FROM (VALUES (1), (2)) AS w) AS q",
    "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT n FROM r",
    "SELECT t.*, u.a AS ua FROM t JOIN t u USING (id) LEFT JOIN (t v CROSS JOIN t w) ON t.id = v.id",
    "SELECT ts::date AS d, ts + '1 day' AS n, arr[1:2] AS s, j ->> 'a' AS ja, a COLLATE \"C\" AS ac FROM t",
    "SELECT y.b, z.c FROM t NATURAL LEFT JOIN (SELECT 1 AS b) AS y"
    ' NATURAL FULL JOIN (SELECT 2 AS c) AS z CROSS JOIN (SELECT true AS "TRUE") AS w',
    "SELECT vc FROM t UNION ALL (SELECT a FROM t EXCEPT SELECT 'lit') ORDER BY 1 LIMIT 3",
)


def test_a_view_made_from_its_definition_is_the_same(
    each_server: Server, make_database: MakeDatabase
) -> None:
    with psycopg.connect(make_database(each_server), autocommit=True) as conn:
        conn.execute(TABLES)
        conn.execute("SET search_path = public")
        heads = [("CREATE VIEW v AS ", query) for query in QUERIES]
        for head, query in [*heads, ("CREATE VIEW v (one, two) AS ", "VALUES (1, 'a'), (2, 'b')")]:
            conn.execute((head + query).encode())
            first = _definition(conn)
            conn.execute("DROP VIEW v")
            conn.execute(b"CREATE VIEW v AS " + first.encode())
            assert _definition(conn) == first
            conn.execute("DROP VIEW v")


def _definition(conn: psycopg.Connection[tuple[object, ...]]) -> str:
    catalog = read_catalog(conn, source="test", kinds={"table", "view"})
    view = catalog.get(ObjectId("view", QualifiedName("public", "v")))
    assert isinstance(view, View)
    return view.definition
