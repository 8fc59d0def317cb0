"""ICU collations, which the embedded server only has stand-ins for: it is built without ICU."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psycopg
import pytest

from pgwright.diff.apply import apply_plan
from pgwright.diff.comparison import compare_sources
from pgwright.diff.planner import make_plan
from pgwright.diff.proposal import propose
from pgwright.diff.rehearse import rehearse, require_success
from pgwright.errors import SourceError
from pgwright.kinds.collation import Collation
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.selection import Selection
from pgwright.pg.connect import connect
from pgwright.sources.database import read_catalog
from tests.conftest import MakeDatabase
from tests.servers.running import Server

OWN = ObjectId("collation", QualifiedName("public", "own"))


def built(url: str, statement: str) -> Catalog:
    with psycopg.connect(url, autocommit=True) as conn:
        try:
            conn.execute(statement.encode())
        except psycopg.errors.FeatureNotSupported as error:
            pytest.skip(str(error))
    with connect(url) as conn:
        return read_catalog(conn, source="test")


def test_icu_locale_is_read_and_made_on_each_version(
    each_server: Server, make_database: MakeDatabase
) -> None:
    catalog = built(
        make_database(each_server),
        "CREATE COLLATION own (provider = icu, locale = 'de-u-co-phonebk', deterministic = false)",
    )
    collation = catalog.get(OWN)
    assert isinstance(collation, Collation)
    assert (collation.provider, collation.locale) == ("icu", "de-u-co-phonebk")
    assert not collation.deterministic
    assert collation.lc_collate is None
    assert collation.version


def test_change_of_an_icu_collation_replaces_it(server_15: Server, make_database: MakeDatabase) -> None:
    before = built(make_database(server_15), "CREATE COLLATION own (provider = icu, locale = 'de')")
    after = built(
        make_database(server_15),
        "CREATE COLLATION own (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    )
    plan = make_plan(before, after)
    require_success(rehearse(plan, before, after, scratch=server_15.url))


def test_rules_are_read(server_17: Server, make_database: MakeDatabase) -> None:
    catalog = built(
        make_database(server_17), "CREATE COLLATION own (provider = icu, locale = 'en', rules = '&a < g')"
    )
    collation = catalog.get(OWN)
    assert isinstance(collation, Collation)
    assert collation.rules == "&a < g"


def test_collation_that_sorts_a_column_is_made_anew_with_it(
    server_15: Server, make_database: MakeDatabase
) -> None:
    table = "; CREATE TABLE t (name text COLLATE own)"
    before = built(make_database(server_15), f"CREATE COLLATION own (provider = libc, locale = 'C'){table}")
    after = built(
        make_database(server_15), f"CREATE COLLATION own (provider = libc, locale = 'POSIX'){table}"
    )
    plan = make_plan(before, after)
    require_success(rehearse(plan, before, after, scratch=server_15.url))


_ICU_BEFORE = 'CREATE TABLE t (a text COLLATE "de-x-icu" UNIQUE);'
_ICU_AFTER = """
CREATE EXTENSION "uuid-ossp";
CREATE COLLATION own (provider = icu,
    locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE t (a text COLLATE "fr-x-icu" UNIQUE, b text COLLATE own, id uuid DEFAULT uuid_generate_v4());
CREATE INDEX i ON t (b, a COLLATE "und-x-icu");
ALTER TABLE t OWNER TO owner_of_t;
GRANT SELECT ON t TO reader_of_t;
"""


def test_plan_with_icu_is_made_and_tried_without(
    server_15: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    url = make_database(server_15)
    built(url, _ICU_BEFORE)
    with psycopg.connect(url, autocommit=True) as conn:
        for role in ("owner_of_t", "reader_of_t"):
            with contextlib.suppress(psycopg.errors.DuplicateObject):
                conn.execute(f"CREATE ROLE {role}".encode())
    file = tmp_path / "after.sql"
    file.write_text(_ICU_AFTER)
    comparison = compare_sources(url, f"file:{file}", selection=Selection(owners=False))
    proposal = propose(comparison)
    assert proposal.rehearsal is not None
    done = apply_plan(url, proposal.plan, proposal.ends)
    assert not done.remaining
    with psycopg.connect(url) as conn:
        query = "SELECT collprovider::text, collisdeterministic FROM pg_collation WHERE collname = 'own'"
        assert conn.execute(query).fetchone() == ("i", False)


def test_line_of_an_error_stands_although_the_file_is_spelt_anew(tmp_path: Path) -> None:
    file = tmp_path / "broken.sql"
    file.write_text(_ICU_AFTER + "CREATE TABLE u (a nothing);\n")
    with pytest.raises(SourceError, match=r"line 9: type .nothing. does not exist"):
        compare_sources(f"file:{file}", f"file:{file}")


def test_file_that_makes_its_roles_loads_again(tmp_path: Path) -> None:
    # Both sides are built at once, and each time the roles are new to the server.
    name = f"Made_by_file_{os.getpid()}"
    file = tmp_path / "roles.sql"
    file.write_text(f"CREATE ROLE {name} LOGIN;\nCREATE TABLE t ();\nGRANT SELECT ON t TO {name};\n")
    for _ in range(2):
        assert not compare_sources(f"file:{file}", f"file:{file}").changes
    file.write_text("CREATE EXTENSION postgis;")
    with pytest.raises(SourceError, match="line 1: the scratch server has no extension postgis"):
        compare_sources(f"file:{file}", f"file:{file}")
