"""Changes of a table that TimescaleDB keeps in chunks reach each of them, or are refused before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgwright.diff.apply import apply_plan
from pgwright.diff.comparison import compare_sources
from pgwright.diff.planner import make_plan
from pgwright.diff.proposal import propose
from pgwright.diff.resume import resume
from pgwright.errors import PolicyError, StatementError
from pgwright.kinds.default import Default
from pgwright.kinds.row_security import RowSecurity
from pgwright.kinds.rule import Rule
from pgwright.kinds.trigger import Trigger
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.policy import Compress, TimeSeries
from pgwright.sources.database import read_catalog
from pgwright.sources.workshop import Workshop
from pgwright.timeseries.declare import Edit, declare

READINGS = ObjectId("table", QualifiedName("public", "readings"))
SERIES, COMPRESS = TimeSeries("at", "1 day"), Compress("99 years", segment_by="sensor_id")
SCHEMA = """
CREATE TABLE sensors (id integer PRIMARY KEY);
INSERT INTO sensors VALUES (1), (2);
CREATE TABLE readings (
    sensor_id integer, at timestamptz, value float8, note varchar(10), PRIMARY KEY (sensor_id, at)
)
"""
ROWS = """
INSERT INTO readings SELECT 1 + i % 2, timestamptz '2026-01-01 00:00+00' + i * interval '1 hour', i, 'x'
FROM generate_series(0, 95) AS i
"""
MODELS = """
from datetime import datetime
from sqlalchemy import CheckConstraint, DateTime, Double, ForeignKey, Index, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from pgwright.contrib.sqlalchemy import Compress, TimeSeries

class Base(DeclarativeBase): pass

class Sensor(Base):
    __tablename__ = "sensors"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)

class Reading(Base):
    __tablename__ = "readings"
    __table_args__ = (
        CheckConstraint("value >= 0", name="positive"),
        Index("by_value", "value"),
        Index("by_note", "note", postgresql_where=text("value > 10")),
        Index("by_all", "value", "sensor_id", "at", unique=True),
        *DECLARED,
    )
    sensor_id: Mapped[int] = mapped_column(ForeignKey("sensors.id", name="of"), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    value: Mapped[float] = mapped_column(Double)
    note: Mapped[str] = mapped_column(String(10))
    unit: Mapped[str] = mapped_column(server_default="K")
"""


def _prepare(conn: psycopg.Connection[Any], *policies: TimeSeries | Compress) -> None:
    conn.execute(SCHEMA.encode())
    with conn.transaction():
        declare(conn, [Edit(table=READINGS.name, policy=policy) for policy in policies])
    conn.execute(ROWS.encode())
    if COMPRESS in policies:
        conn.execute("SELECT compress_chunk(c) FROM show_chunks('readings') AS c LIMIT 2")


@pytest.mark.parametrize("edition", ["apache", "community"])
def test_each_chunk_gets_what_the_table_gets(
    edition: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("timescale" if edition == "apache" else "timescale_community")
    policies = (SERIES,) if edition == "apache" else (SERIES, COMPRESS)
    (tmp_path / "changed.py").write_text(MODELS.replace("*DECLARED", ", ".join(map(repr, policies))))
    workshop = Workshop(root=tmp_path)
    with psycopg.connect(url, autocommit=True) as conn:
        _prepare(conn, *policies)
        comparison = compare_sources(url, "sqlalchemy:changed:Base", workshop=workshop)
        proposal = propose(comparison)
        assert not any("_p2026" in str(id) for step in proposal.plan.steps for id in step.locks_on)
        conn.execute("INSERT INTO readings VALUES (1, '2026-01-04 00:30+00', -1, 'x')")
        with pytest.raises(StatementError):
            apply_plan(url, proposal.plan, proposal.ends)
        conn.execute("DELETE FROM readings WHERE value = -1")
        # What is planned for the rest is for chunks, too.
        assert not resume(url).remaining
        assert not compare_sources(url, "sqlalchemy:changed:Base", workshop=workshop).changes
        indexes = conn.execute(
            "SELECT count(*) FROM pg_index JOIN show_chunks('readings') AS c ON indrelid = c"
        ).fetchone()
        # Of four days, each has its part of the primary key and of three indexes.
        assert indexes == (16,)
        for wrong in ("(3, now(), 1, 'x')", "(1, now(), -1, 'x')", "(1, now(), NULL, 'x')"):
            with pytest.raises(psycopg.errors.IntegrityError):
                conn.execute(f"INSERT INTO readings VALUES {wrong}".encode())
        assert conn.execute("SELECT count(*), min(unit) FROM readings").fetchone() == (96, "K")


def test_what_timescaledb_refuses_is_said_in_the_plan(timescale_community: str) -> None:
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        _prepare(conn, SERIES, COMPRESS)
        before = read_catalog(conn, source="test")
        value: Any = before.get(ObjectId("column", QualifiedName(None, "value"), READINGS))
        added = replace(value, id=value.id._replace(name=QualifiedName(None, "added")))
        security = ObjectId("row_security", QualifiedName(None, "row_security"), READINGS)
        default = Default(
            id=ObjectId("default", QualifiedName(None, "default"), added.id),
            depends_on=(added.id,),
            expression="now()",
            constant=False,
        )
        for reason, *objects in (
            ("cannot change the type of value", replace(value, type="numeric")),
            ("cannot get the column added", replace(added, generated="s", expression="value + 1")),
            ("cannot get the column added", replace(added, type="bigint", identity="a", not_null=True)),
            ("cannot get the column added", replace(added, type="timestamptz"), default),
            ("has row-level security", RowSecurity(id=security, enabled=True, depends_on=(READINGS,))),
        ):
            wanted = {**before.objects, **{o.id: o for o in objects}}
            with pytest.raises(PolicyError, match=reason) as refused:
                make_plan(before, before.replacing(wanted.values()))
            assert refused.value.hint and "nothing was changed" in str(refused.value.detail)
        conn.execute("SELECT decompress_chunk(c, true) FROM show_chunks('readings') AS c")
        unpacked = read_catalog(conn, source="test")
        retyped = replace(value, type="numeric")
        plan = make_plan(unpacked, unpacked.replacing({**unpacked.objects, value.id: retyped}.values()))
        conn.execute(plan.steps[0].sql.encode())
        # One that names no columns is compressed all the same.
        with conn.transaction():
            declare(conn, [Edit(table=READINGS.name, policy=Compress("99 years"))])
        conn.execute("SELECT compress_chunk(c) FROM show_chunks('readings') AS c LIMIT 1")
        (compression,) = read_catalog(conn, source="test").of("compression")
        assert compression.packed  # type: ignore[attr-defined]


def _refused(before: Catalog, *objects: CatalogObject, gone: ObjectId | None = None) -> PolicyError:
    wanted = {**before.objects, **{o.id: o for o in objects}}
    with pytest.raises(PolicyError) as refused:
        make_plan(before, before.replacing(o for o in wanted.values() if o.id != gone))
    assert "nothing was changed" in str(refused.value.detail)
    return refused.value


def _column(name: str) -> ObjectId:
    return ObjectId("column", QualifiedName(None, name), READINGS)


def _trigger(rest: str) -> Trigger:
    id = ObjectId("trigger", QualifiedName(None, "seen"), READINGS)
    text = f"CREATE TRIGGER seen AFTER DELETE ON public.readings {rest} EXECUTE FUNCTION public.seen()"
    return Trigger(id=id, definition=text, depends_on=(READINGS,))


def test_compression_that_nobody_declared_is_known(timescale_community: str) -> None:
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        _prepare(conn, SERIES)
        conn.execute(
            "ALTER TABLE readings SET (timescaledb.compress, timescaledb.compress_segmentby = 'note', "
            "timescaledb.compress_orderby = 'at DESC'); "
            "SELECT compress_chunk(c) FROM show_chunks('readings') AS c LIMIT 2"
        )
        before = read_catalog(conn, source="test")
        note: Any = before.get(_column("note"))
        error = _refused(before, replace(note, type="character varying(20)"))
        assert "cannot change the type of note" in error.message
        assert "cannot change the storage of note" in _refused(before, replace(note, storage="e")).message
        assert "cannot lose the column note" in _refused(before, gone=note.id).message
        by_hand = str(error.hint).partition("by hand: ")[2].partition("; change the type")[0]
        conn.execute(by_hand.encode())
        after = read_catalog(conn, source="test")
        plan = make_plan(after, after.replacing(o for o in after if o.id != note.id))
        conn.execute(plan.steps[0].sql.encode())


def test_chunks_are_unpacked_before_what_they_refuse(timescale_community: str) -> None:
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        _prepare(conn, SERIES, Compress("99 years", segment_by="note"))
        conn.execute("SELECT compress_chunk(c) FROM show_chunks('readings') AS c LIMIT 2")
        before = read_catalog(conn, source="test")
        # By another column from now on, but the chunks are still compressed by this one.
        known: Any = before.children(READINGS, "compression")[0]
        sensor = replace(known, segment_by=("sensor_id",))
        error = _refused(before, sensor, gone=_column("note"))
        assert "cannot lose the column note" in error.message and "pgwright policy apply" in str(error.hint)
        compression = sensor.id
        note: Any = before.get(_column("note"))
        for wanted in (
            {o.id: o for o in before if o.id != note.id},
            {**before.objects, note.id: replace(note, type="text")},
        ):
            plan = make_plan(before, before.replacing(o for o in wanted.values() if o.id != compression))
            with conn.transaction(force_rollback=True):
                for step in plan.steps:
                    conn.execute(step.sql.encode())
                assert conn.execute("SELECT count(*) FROM readings").fetchone() == (96,)


@pytest.mark.parametrize("edition", ["apache", "community"])
def test_what_no_hypertable_bears_is_said_in_the_plan(edition: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("timescale" if edition == "apache" else "timescale_community")
    with psycopg.connect(url, autocommit=True) as conn:
        _prepare(conn, SERIES)
        before = read_catalog(conn, source="test")
        rule = Rule(
            id=ObjectId("rule", QualifiedName(None, "twice"), READINGS),
            definition="CREATE RULE twice AS ON INSERT TO public.readings DO ALSO NOTHING",
        )
        rows = _trigger("REFERENCING OLD TABLE AS gone FOR EACH ROW")
        assert "the rule twice" in _refused(before, rule).message
        assert "the trigger seen" in _refused(before, rows).message
        conn.execute("CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
        conn.execute(_trigger("REFERENCING OLD TABLE AS gone FOR EACH STATEMENT").definition.encode())
        if edition == "community":
            with pytest.raises(PolicyError, match="have the trigger seen"), conn.transaction():
                declare(conn, [Edit(table=READINGS.name, policy=COMPRESS)])
