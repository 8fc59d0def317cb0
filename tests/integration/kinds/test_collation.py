"""ICU collations, which the embedded server cannot have: it is built without ICU."""

from __future__ import annotations

import psycopg
import pytest

from pgwright.diff.planner import make_plan
from pgwright.diff.rehearse import rehearse, require_success
from pgwright.kinds.collation import Collation
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId, QualifiedName
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


def test_collation_that_sorts_a_column_is_not_changed(server_15: Server, make_database: MakeDatabase) -> None:
    from pgwright.diff.planner import UnsupportedChange

    table = "; CREATE TABLE t (name text COLLATE own)"
    before = built(make_database(server_15), f"CREATE COLLATION own (provider = libc, locale = 'C'){table}")
    after = built(
        make_database(server_15), f"CREATE COLLATION own (provider = libc, locale = 'POSIX'){table}"
    )
    with pytest.raises(UnsupportedChange, match=r"collation public\.own cannot be changed"):
        make_plan(before, after)
