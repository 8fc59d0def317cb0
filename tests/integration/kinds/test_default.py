"""A default that says nothing is none."""

from __future__ import annotations

from pgwright.diff.compare import compare
from tests.integration.slate import Slate


def test_null_of_a_sized_type_is_no_default(slate: Slate) -> None:
    said = slate.read(
        'CREATE TABLE t (a varchar(5) DEFAULT NULL, b timestamp(3) DEFAULT NULL, c "bit"(3) DEFAULT NULL,'
        " d bpchar DEFAULT NULL, e numeric(4, 1) DEFAULT NULL, f varchar(5)[] DEFAULT NULL)"
    )
    unsaid = slate.read(
        'CREATE TABLE t (a varchar(5), b timestamp(3), c "bit"(3), d bpchar, e numeric(4, 1), f varchar(5)[])'
    )
    assert not said.of("default")
    assert compare(said, unsaid) == ()
    # PostgreSQL keeps the type that it was said of.
    retyped = slate.read(
        "CREATE TABLE t (a varchar(5) DEFAULT NULL, b timestamp(3) DEFAULT NULL, c varchar(5)[] DEFAULT NULL)"
        ";ALTER TABLE t ALTER a TYPE text, ALTER b TYPE timestamptz, ALTER c TYPE text[]"
    )
    assert compare(retyped, slate.read("CREATE TABLE t (a text, b timestamptz, c text[])")) == ()


def test_null_takes_away_the_default_of_a_domain(slate: Slate) -> None:
    catalog = slate.read("CREATE DOMAIN d AS varchar(5) DEFAULT 'x'; CREATE TABLE t (a d DEFAULT NULL, b d)")
    assert [str(o.id.root.name) for o in catalog.of("default")] == ["public.t"]
