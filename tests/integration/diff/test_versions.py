"""Databases of every version: compared with the same SQL on the embedded server, planned for, changed."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgwright.diff.apply import apply_plan
from pgwright.diff.comparison import Comparison, compare_sources
from pgwright.diff.proposal import propose
from pgwright.errors import UnsupportedChange
from pgwright.model.plan import HazardCode
from pgwright.sources.workshop import Workshop
from tests.conftest import MakeDatabase
from tests.integration.diff.ways import rows, run
from tests.servers.running import Server

BEFORE = """
CREATE SCHEMA app;
CREATE EXTENSION citext WITH SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE DOMAIN app.positive AS integer DEFAULT 1 CONSTRAINT positive_check CHECK (VALUE > 0) NOT NULL;
CREATE TYPE app.point2 AS (x double precision, y double precision);
CREATE TYPE app.span AS RANGE (subtype = float8);
CREATE SEQUENCE app.numbers AS integer START 5 INCREMENT 5;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION app.twice(a integer, b text DEFAULT 'x') RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT a * 2';
CREATE TABLE app.author (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name varchar(40) NOT NULL,
    mail app.citext UNIQUE,
    mood app.mood DEFAULT 'it''s ok',
    born date CHECK (born > '1800-01-01'),
    place app.point2,
    rank app.positive DEFAULT 3,
    code integer DEFAULT nextval('app.numbers'),
    reach app.span,
    area numeric(10, 2) GENERATED ALWAYS AS (2 * code) STORED,
    seen timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE app.book (
    id serial PRIMARY KEY,
    author bigint NOT NULL REFERENCES app.author ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    title text COLLATE "C" NOT NULL,
    tags text[] DEFAULT '{}',
    facts jsonb DEFAULT '{"a": [1, 2]}',
    period tstzrange,
    EXCLUDE USING gist (period WITH &&) WHERE (author > 0),
    CONSTRAINT title_check CHECK (title <> '' AND title NOT IN ('a', 'b') AND length(title) BETWEEN 1 AND 99)
);
CREATE INDEX book_title ON app.book (lower(title) text_pattern_ops, author DESC NULLS LAST) WHERE author > 1;
CREATE INDEX book_facts ON app.book USING gin (facts jsonb_path_ops);
CREATE FUNCTION app.backwards(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $2 - $1';
CREATE OPERATOR CLASS app.backwards FOR TYPE integer USING btree AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <,
    FUNCTION 1 app.backwards(integer, integer);
ALTER OPERATOR FAMILY app.backwards USING btree ADD OPERATOR 1 > (integer, bigint);
CREATE INDEX book_backwards ON app.book (id app.backwards);
CREATE INDEX book_author ON app.book (author) INCLUDE (title) WITH (fillfactor = 70);
CREATE STATISTICS app.book_stats (ndistinct, dependencies) ON author, title FROM app.book;
CREATE TABLE app.event (id bigint NOT NULL, at timestamptz NOT NULL, kind text, PRIMARY KEY (id, at))
    PARTITION BY RANGE (at);
CREATE TABLE app.event_2020 PARTITION OF app.event
    FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2021-01-01 00:00+00');
CREATE TABLE app.event_rest PARTITION OF app.event DEFAULT;
CREATE INDEX event_kind ON app.event (kind);
CREATE TABLE app.base (id integer NOT NULL, note text);
CREATE TABLE app.derived (extra integer) INHERITS (app.base);
CREATE VIEW app.shelf AS
    SELECT b.id, b.title, a.name, a.seen::date AS day, count(*) OVER (PARTITION BY a.id) AS books
    FROM app.book b JOIN app.author a ON a.id = b.author WHERE b.title LIKE 'x%' AND a.mood = 'sad';
CREATE VIEW app.names WITH (security_barrier = true) AS SELECT name FROM app.shelf ORDER BY name LIMIT 5;
CREATE MATERIALIZED VIEW app.totals AS SELECT author, count(*) AS n FROM app.book GROUP BY author;
CREATE UNIQUE INDEX totals_author ON app.totals (author);
CREATE TRIGGER touch BEFORE UPDATE OF title ON app.book
    FOR EACH ROW WHEN (OLD.title IS DISTINCT FROM NEW.title) EXECUTE FUNCTION app.touch('a', 'it''s');
CREATE RULE keep AS ON DELETE TO app.base DO INSTEAD NOTHING;
ALTER TABLE app.author ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.author FOR SELECT USING (name = current_user);
COMMENT ON TABLE app.book IS 'What is on the shelf';
COMMENT ON COLUMN app.book.title IS 'as printed';
GRANT SELECT ON app.book TO PUBLIC;
GRANT UPDATE (title) ON app.book TO PUBLIC;
"""

AFTER = """
ALTER TYPE app.mood ADD VALUE 'eager' BEFORE 'happy';
ALTER TABLE app.author ADD COLUMN bio text NOT NULL DEFAULT '', DROP COLUMN reach;
DROP TYPE app.span;
CREATE TYPE app.span AS RANGE (subtype = numeric);
ALTER TABLE app.author ADD COLUMN reach app.span;
ALTER TABLE app.author ALTER born SET NOT NULL;
ALTER TABLE app.author ADD CONSTRAINT known CHECK (name <> 'nobody');
DROP VIEW app.names, app.shelf;
DROP POLICY own ON app.author;
ALTER TABLE app.author ALTER name TYPE text;
CREATE VIEW app.shelf AS
    SELECT b.id, b.title, a.name, a.bio FROM app.book b JOIN app.author a ON a.id = b.author;
CREATE VIEW app.names AS SELECT name FROM app.shelf;
DROP INDEX app.book_title;
CREATE INDEX book_title ON app.book (title);
CREATE UNIQUE INDEX book_once ON app.book (author, title);
ALTER TABLE app.book ADD CONSTRAINT book_unique UNIQUE (title, id);
ALTER TABLE app.book ADD COLUMN editor bigint REFERENCES app.author;
CREATE INDEX event_at ON app.event (at, kind);
CREATE TABLE app.event_2021 PARTITION OF app.event
    FOR VALUES FROM ('2021-01-01 00:00+00') TO ('2022-01-01 00:00+00');
ALTER TABLE app.base ADD COLUMN at timestamptz DEFAULT now();
CREATE OR REPLACE FUNCTION app.twice(a integer, b text DEFAULT 'x') RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT a + a';
DROP TRIGGER touch ON app.book;
CREATE TRIGGER touch AFTER INSERT ON app.book FOR EACH ROW EXECUTE FUNCTION app.touch();
CREATE POLICY own ON app.author USING (name = current_user) WITH CHECK (id > 0);
DROP STATISTICS app.book_stats;
COMMENT ON TABLE app.book IS 'All books';
REVOKE UPDATE (title) ON app.book FROM PUBLIC;
"""


def live(server: Server, make_database: MakeDatabase) -> str:
    url = make_database(server)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BEFORE.encode())
    return url


def compared(url: str, folder: Path, sql: str) -> Comparison:
    (folder / "schema.sql").write_text(sql, encoding="utf-8")
    return compare_sources(url, "file:schema.sql", workshop=Workshop(root=folder))


def shown(comparison: Comparison) -> str:
    return "\n".join(str(change) for change in comparison.changes)


def test_same_sql_is_no_difference(each_server: Server, make_database: MakeDatabase, tmp_path: Path) -> None:
    url = live(each_server, make_database)
    comparison = compared(url, tmp_path, BEFORE)
    assert not comparison.changes, shown(comparison)
    assert not comparison.notes


@pytest.mark.parametrize("online", [True, False], ids=["online", "offline"])
def test_plan_runs_where_it_was_made_for(
    each_server: Server, make_database: MakeDatabase, tmp_path: Path, online: bool
) -> None:
    url = live(each_server, make_database)
    comparison = compared(url, tmp_path, BEFORE + AFTER)
    proposal = propose(comparison, online=online)
    assert proposal.rehearsal is not None
    assert proposal.plan.server.major == each_server.version
    applied = apply_plan(url, proposal.plan, proposal.ends, allow=tuple(code.value for code in HazardCode))
    assert not applied.remaining, "\n".join(str(change) for change in applied.remaining)
    again = compared(url, tmp_path, BEFORE + AFTER)
    assert not again.changes, shown(again)


def test_an_heir_that_computes_otherwise_before_that_can_be(
    server_16: Server, make_database: MakeDatabase
) -> None:
    live, wanted = make_database(server_16), make_database(server_16)
    parent = "CREATE TABLE p (a int, b int GENERATED ALWAYS AS (a * 2) STORED);"
    own = "CREATE TABLE c (b int GENERATED ALWAYS AS (a * 3) STORED) INHERITS (p);"
    run(live, parent + "CREATE TABLE c () INHERITS (p)")
    run(wanted, parent + own)
    with pytest.raises(UnsupportedChange, match=r"public\.c\.b cannot be computed otherwise") as caught:
        propose(compare_sources(live, wanted))
    assert "take public.c off its parent" in str(caught.value.hint)
    run(live, "DROP TABLE c")
    assert propose(compare_sources(live, wanted)).rehearsal is not None


def test_what_older_servers_have_by_default_is_no_difference_from_a_grant(
    server_14: Server, server_18: Server, make_database: MakeDatabase
) -> None:
    old, new = make_database(server_14), make_database(server_18)
    run(new, "ALTER SCHEMA public OWNER TO postgres; GRANT CREATE ON SCHEMA public TO PUBLIC")
    for pair in ((old, new), (new, old)):
        comparison = compare_sources(*pair)
        assert not comparison.changes, shown(comparison)
    run(old, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    assert [str(change.id) for change in compare_sources(old, new).changes] == ["grant public.PUBLIC"]


def test_a_function_that_the_server_brings_since_is_the_one_of_the_extension(
    server_12: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    url = make_database(server_12)
    schema = (
        'CREATE SCHEMA "its own"; CREATE EXTENSION pgcrypto WITH SCHEMA "its own";'
        "CREATE TABLE t (id uuid DEFAULT {0}gen_random_uuid(), a text DEFAULT '{1}gen_random_uuid()');"
        "CREATE FUNCTION f() RETURNS uuid LANGUAGE sql AS $$SELECT {1}gen_random_uuid()$$;"
    )
    run(url, schema.format('"its own".', '"its own".'))
    (tmp_path / "same.sql").write_text(schema.format("", '"its own".'))
    workshop = Workshop(root=tmp_path)
    assert compare_sources(url, "file:same.sql", workshop=workshop).changes == ()
    # A plan of that server's own making is rehearsed on the newer one.
    run(other := make_database(server_12), schema.format('"its own".', '"its own".'))
    run(other, 'ALTER TABLE t ADD b uuid DEFAULT "its own".gen_random_uuid()')
    comparison = compare_sources(url, other, workshop=workshop)
    proposal = propose(comparison)
    assert proposal.rehearsal
    assert apply_plan(url, proposal.plan, proposal.ends).remaining == ()


def test_a_computed_column_is_stored_where_none_can_be_virtual(
    server_14: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    (tmp_path / "computed.py").write_text(
        "import sqlalchemy as sa\nmetadata = sa.MetaData()\n"
        "a, g = sa.Column('a', sa.Integer), sa.Column('g', sa.Integer, sa.Computed('a * 2'))\n"
        "sa.Table('t', metadata, a, g)\n"
    )
    url = make_database(server_14)
    run(url, "CREATE TABLE t (a int); INSERT INTO t VALUES (4)")
    models = "sqlalchemy:computed:metadata"
    comparison = compare_sources(url, models, workshop=Workshop(root=tmp_path))
    assert any("no virtual columns, so public.t.g" in note for note in comparison.notes)
    proposal = propose(comparison)
    apply_plan(url, proposal.plan, proposal.ends)
    assert rows(url, "SELECT g FROM t") == [(8,)]
    assert compare_sources(url, models, workshop=Workshop(root=tmp_path)).changes == ()
    (tmp_path / "virtual.sql").write_text("CREATE TABLE t (a int, g int GENERATED ALWAYS AS (a * 3) VIRTUAL)")
    comparison = compare_sources(url, f"file:{tmp_path}/virtual.sql", workshop=Workshop(root=tmp_path))
    with pytest.raises(UnsupportedChange, match="virtual on PostgreSQL 14") as caught:
        propose(comparison)
    assert "STORED" in str(caught.value.hint)
