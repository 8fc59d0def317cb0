"""What may change in a project with SQLAlchemy models: one pair of model texts for each kind of object."""

from __future__ import annotations

from dataclasses import dataclass

HEAD = """
import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column as column

from pgwright.contrib.sqlalchemy import *


class Base(DeclarativeBase):
    pass


def key(**more):
    return column(sa.BigInteger, sa.Identity(), primary_key=True, **more)

"""


@dataclass(frozen=True)
class Case:
    """Name a change, and hold the models before and after it and what the revision must say."""

    name: str
    before: str
    after: str
    says: tuple[str, ...] = ()


def models(cases: tuple[Case, ...], side: str) -> str:
    """Return one module with the models of all cases on one side."""
    return HEAD + "\n\n".join(getattr(case, side) for case in cases) + "\n"


def _table(name: str, body: str) -> str:
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return f'class {name.title()}(Base):\n    __tablename__ = "{name}"\n{lines}\n'


def _enum(name: str, *values: str) -> str:
    listed = ", ".join(repr(v) for v in values)
    return _table(name, f'id: Mapped[int] = key()\nkind = column(sa.Enum({listed}, name="{name}_kind"))')


def _declared(*lines: str) -> str:
    return "".join(f"declare(Base.metadata, {line})\n" for line in lines)


_PLAIN = "id: Mapped[int] = key()\na: Mapped[int]\nb: Mapped[str]"
_INDEXES = """
__table_args__ = (
    sa.Index("ix_i_gin", "tags", postgresql_using="gin"),
    sa.Index("ix_i_hash", "b", postgresql_using="hash"),
    sa.Index("ix_i_brin", "at", postgresql_using="brin", postgresql_with={"pages_per_range": 16}),
    sa.Index("ix_i_part", "a", postgresql_where=sa.text("b <> ''")),
    sa.Index("ix_i_expr", sa.text("lower(b)"), sa.text("a DESC NULLS LAST")),
    sa.Index("ix_i_ops", "b", postgresql_ops={"b": "text_pattern_ops"}),
    sa.Index("ix_i_incl", "a", postgresql_include=["b"], unique=True),
    sa.Index("ix_i_nulls", "a", "b", unique=True, postgresql_nulls_not_distinct=True),
    sa.Index("ix_i_coll", sa.text('b COLLATE "C"')),
)
"""
_I = _PLAIN + "\nat: Mapped[datetime]\ntags = column(pg.ARRAY(sa.Text))"

CASES = (
    Case("enum value added", _enum("e1", "a", "c"), _enum("e1", "a", "b", "c"), ("ADD VALUE", "AFTER 'a'")),
    Case("enum reordered", _enum("e2", "a", "b", "c"), _enum("e2", "c", "a", "b"), ("e2_kind",)),
    Case("enum value dropped", _enum("e3", "a", "b"), _enum("e3", "a"), ("e3_kind",)),
    Case(
        "enum dropped, its column text",
        _enum("e4", "a"),
        _table("e4", "id: Mapped[int] = key()\nkind = column(sa.Text)"),
        ("DROP TYPE public.e4_kind",),
    ),
    Case(
        "column that rows lack a value for",
        _table("lc", "id: Mapped[int] = key()"),
        _table("lc", "id: Mapped[int] = key()\nlate: Mapped[str]"),
        ('op.add_column("lc", sa.Column("late", sa.String(), nullable=True))', "VALIDATE CONSTRAINT"),
    ),
    Case(
        "check",
        _table("ck", _PLAIN + '\n__table_args__ = (sa.CheckConstraint("a > 0", name="ck_a"),)'),
        _table(
            "ck", _PLAIN + '\n__table_args__ = (sa.CheckConstraint("a > 1 AND b ~ \'^:x\'", name="ck_a"),)'
        ),
        ("op.create_check_constraint(",),
    ),
    Case(
        "primary key",
        _table("pk", "one: Mapped[int] = column(primary_key=True, autoincrement=False)\nother: Mapped[int]"),
        _table(
            "pk",
            "one: Mapped[int] = column(primary_key=True, autoincrement=False)\n"
            "other: Mapped[int] = column(primary_key=True)",
        ),
    ),
    Case(
        "comments",
        _table("cm", 'id: Mapped[int] = key(comment="old")\n__table_args__ = {"comment": "gone"}')
        + _declared("Statement(\"COMMENT ON SCHEMA public IS 'one'\")"),
        _table("cm", 'id: Mapped[int] = key(comment="new: \\"it\'s\\" 100%")')
        + _declared("Statement(\"COMMENT ON CONSTRAINT cm_pkey ON cm IS 'the key'\")"),
        ("op.drop_table_comment(", "COMMENT ON CONSTRAINT"),
    ),
    Case(
        "view",
        _table("vw", _PLAIN)
        + _declared('View("v_changed", "SELECT id, a FROM vw")', 'View("v_gone", "SELECT a FROM v_changed")'),
        _table("vw", _PLAIN)
        + _declared('View("v_changed", "SELECT id, b, a FROM vw")', 'View("v_new", "SELECT 1 AS a")'),
        ("CREATE VIEW public.v_new", "DROP VIEW public.v_gone"),
    ),
    Case(
        "materialized view",
        _table("mv", _PLAIN)
        + _declared('MaterializedView("m", "SELECT a, count(*) AS n FROM mv GROUP BY a", unique=("a",))'),
        _table("mv", _PLAIN),
        ("DROP MATERIALIZED VIEW public.m",),
    ),
    Case(
        "function and trigger",
        _table("fn", _PLAIN)
        + _declared(
            'Function("f_args(a int)", "int", "SELECT a", language="sql")',
            'Function("f_gone()", "int", "SELECT 1", language="sql")',
            'Function("touch()", "trigger", "BEGIN RETURN NEW; END")',
            'Trigger("t_gone", on="fn", when="BEFORE UPDATE", execute="touch()")',
        ),
        _table("fn", _PLAIN)
        + _declared(
            'Function("f_args(a int, b int)", "int", "SELECT a + b", language="sql")',
            'Function("touch()", "trigger", "BEGIN NEW.a := 1; RAISE NOTICE \'% :b\', 1; RETURN NEW; END")',
            'Trigger("t_new", on="fn", when="AFTER INSERT", execute="touch()", condition="NEW.a > 0")',
        ),
        ("DROP FUNCTION public.f_gone()", "CREATE TRIGGER t_new"),
    ),
    Case(
        "row policy",
        _table("rp", _PLAIN) + _declared('RowPolicy("own", on="rp", using="a = 1")'),
        _table("rp", _PLAIN),
        ("DROP POLICY own", "DISABLE ROW LEVEL SECURITY"),
    ),
    Case(
        "grants",
        _table("gr", _PLAIN)
        + _declared('Grant("SELECT", on="TABLE gr", to=("shop_reader",))')
        + _declared('DefaultGrant("SELECT", on="TABLES", to=("shop_reader",), by="shop_writer")'),
        _table("gr", _PLAIN)
        + _declared(
            'Grant("SELECT (a), UPDATE (b)", on="TABLE gr", to=("shop_writer",))',
            'DefaultGrant("INSERT", on="TABLES", to=("shop_reader",), by="shop_writer", schema="public")',
        ),
        (
            "REVOKE SELECT ON TABLE public.gr FROM shop_reader",
            "ALTER DEFAULT PRIVILEGES FOR ROLE shop_writer IN SCHEMA public GRANT INSERT",
        ),
    ),
    Case(
        "partitions",
        _table(
            "pt",
            "id: Mapped[int] = column(primary_key=True, autoincrement=False)\n"
            "at: Mapped[datetime] = column(primary_key=True)\n"
            '__table_args__ = {"postgresql_partition_by": "RANGE (at)"}',
        )
        + _declared(
            "Statement(\"CREATE TABLE IF NOT EXISTS pt_2024 PARTITION OF pt FOR VALUES FROM ('2024-01-01') "
            "TO ('2025-01-01')\")"
        ),
        _table(
            "pt",
            "id: Mapped[int] = column(primary_key=True, autoincrement=False)\n"
            "at: Mapped[datetime] = column(primary_key=True)\nn: Mapped[int | None]\n"
            '__table_args__ = (sa.Index("ix_pt", "n"), {"postgresql_partition_by": "RANGE (at)"})',
        )
        + _declared(
            "Statement(\"CREATE TABLE IF NOT EXISTS pt_2025 PARTITION OF pt FOR VALUES FROM ('2025-01-01') "
            "TO ('2026-01-01')\")"
        ),
        ("pt_2025", 'op.drop_table("pt_2024")'),
    ),
    Case(
        "exclusion",
        _table("ex", "id: Mapped[int] = key()\nd = column(pg.TSTZRANGE)"),
        _table(
            "ex",
            "id: Mapped[int] = key()\nd = column(pg.TSTZRANGE)\n"
            '__table_args__ = (pg.ExcludeConstraint(("d", "&&"), name="no_overlap", using="gist"),)',
        ),
        ("EXCLUDE USING gist",),
    ),
    Case(
        "types",
        _declared(
            'Statement("CREATE DOMAIN mail AS text CHECK (VALUE ~ \'@\')", "DROP DOMAIN mail", first=True)',
            'Statement("CREATE TYPE pair AS (a int, b text)", "DROP TYPE pair", first=True)',
            'Statement("CREATE DOMAIN d_gone AS int", "DROP DOMAIN d_gone", first=True)',
            'Statement("CREATE TYPE span AS RANGE (subtype = float8)", "DROP TYPE span", first=True)',
        )
        + _table("ty", 'id: Mapped[int] = key()\nm = column(pg.DOMAIN("mail", sa.Text, create_type=False))'),
        _declared(
            "Statement(\"CREATE DOMAIN mail AS text NOT NULL CHECK (VALUE ~ '@.')\", first=True)",
            'Statement("CREATE TYPE pair AS (a bigint, b text, c int)", "DROP TYPE pair", first=True)',
            'Statement("CREATE DOMAIN d_new AS int", "DROP DOMAIN d_new", first=True)',
        )
        + _table(
            "ty",
            'id: Mapped[int] = key()\nm = column(pg.DOMAIN("mail", sa.Text, create_type=False))\n'
            'n = column(pg.DOMAIN("d_new", sa.Integer, create_type=False))',
        ),
        ("DROP DOMAIN public.d_gone", "CREATE DOMAIN public.d_new", "DROP TYPE public.span"),
    ),
    Case(
        "generated and identity",
        _table(
            "gi",
            "id: Mapped[int] = column(primary_key=True)\na: Mapped[int]\n"
            'g = column(sa.Integer, sa.Computed("a + 1", persisted=True))\nplain: Mapped[int]',
        ),
        _table(
            "gi",
            "id: Mapped[int] = column(sa.BigInteger, sa.Identity(always=True, start=100), primary_key=True)\n"
            'a: Mapped[int]\ng = column(sa.Integer, sa.Computed("a + 2", persisted=True))\n'
            'plain = column(sa.Integer, sa.Computed("a * 2", persisted=False))',
        ),
        ("GENERATED ALWAYS AS IDENTITY",),
    ),
    Case(
        "indexes",
        _table("ix", _I.replace("at:", "moment:") + '\n__table_args__ = (sa.Index("ix_gone", "a"),)'),
        _table("ix", _I + _INDEXES),
        ('postgresql_with={"pages_per_range": "16"}', 'postgresql_using="gin"', "op.drop_index("),
    ),
    Case(
        "sequences",
        'sa.Sequence("s_gone", metadata=Base.metadata)\nsa.Sequence("s", start=5, metadata=Base.metadata)\n',
        'sa.Sequence("s", start=5, increment=2, cycle=True, maxvalue=99, metadata=Base.metadata)\n'
        'sa.Sequence("s_new", data_type=sa.Integer, metadata=Base.metadata)\n',
        ("CREATE SEQUENCE public.s_new", "DROP SEQUENCE public.s_gone"),
    ),
    Case(
        "extensions",
        _declared('Extension("citext")') + _table("xt", "id: Mapped[int] = key()\na: Mapped[str]"),
        _declared('Extension("pg_trgm")', 'Extension("hstore")')
        + _table(
            "xt",
            "id: Mapped[int] = key()\na: Mapped[str]\nh = column(pg.HSTORE)\n"
            '__table_args__ = (sa.Index("ix_trgm", "a", postgresql_using="gin", '
            'postgresql_ops={"a": "gin_trgm_ops"}),)',
        ),
        ("CREATE EXTENSION", "DROP EXTENSION citext"),
    ),
    Case(
        "another schema",
        'class Away(Base):\n    __tablename__ = "away"\n    __table_args__ = {"schema": "far"}\n'
        "    id: Mapped[int] = key()\n",
        "",
        ("DROP SCHEMA far", 'op.drop_table("away", schema="far")'),
    ),
    Case(
        "keys",
        _table("k1", "id: Mapped[int] = key()\nu: Mapped[int]")
        + _table("k2", 'id: Mapped[int] = key()\nk1_id = column(sa.ForeignKey("k1.id", name="fk_k2"))'),
        _table("k1", "id: Mapped[int] = key()\nu: Mapped[int] = column(unique=True)")
        + _table(
            "k2",
            'id: Mapped[int] = key()\nk1_id = column(sa.ForeignKey("k1.id", name="fk_k2", '
            'ondelete="SET NULL", deferrable=True, initially="DEFERRED"))',
        ),
        ("op.create_foreign_key(", "UNIQUE USING INDEX"),
    ),
    Case(
        "storage",
        _table("st", _PLAIN),
        _table("st", _PLAIN)
        + _declared(
            'Statement("ALTER TABLE st SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01)")',
            'Statement("ALTER TABLE st ALTER COLUMN b SET STATISTICS 500")',
            'Statement("ALTER TABLE st REPLICA IDENTITY FULL")',
            'Statement("CREATE STATISTICS IF NOT EXISTS st_ab ON a, b FROM st")',
        ),
        ("fillfactor", "CREATE STATISTICS"),
    ),
    Case(
        "what else there is",
        _table("ot", _PLAIN)
        + _declared(
            'Statement("CREATE PUBLICATION pub FOR TABLE ot", "DROP PUBLICATION pub")',
            'Statement("CREATE COLLATION co (locale = \'C\')", "DROP COLLATION co")',
            'Function("f_agg(a int, b int)", "int", "SELECT a + b", language="sql", attributes="IMMUTABLE")',
            'Statement("CREATE AGGREGATE total(int) (SFUNC = f_agg, STYPE = int)")',
            'Statement("CREATE RULE ru AS ON DELETE TO ot DO INSTEAD NOTHING", "DROP RULE ru ON ot")',
        ),
        _table("ot", _PLAIN),
        ("DROP PUBLICATION pub", "DROP COLLATION public.co", "DROP AGGREGATE", "DROP RULE ru"),
    ),
)
