"""What a server would refuse of a table over time is refused by the plan, or said there."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from pgwright.diff.comparison import comparable
from pgwright.errors import PolicyError
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Compress, Policy, Rollup, TimeSeries
from pgwright.model.selection import Selection
from pgwright.sources.database import read_catalog
from pgwright.sources.workshop import Workshop
from pgwright.timeseries.declare import Edit, declare, plan_edits

PLAIN = "CREATE TABLE r (id int NOT NULL, at timestamptz NOT NULL, v int, PRIMARY KEY (id, at));"
NAMED = PLAIN + "CREATE PUBLICATION p FOR TABLE r"
UNLOGGED = PLAIN.replace("TABLE", "UNLOGGED TABLE")
REFERRED = PLAIN + "CREATE TABLE o (id int, at timestamptz, FOREIGN KEY (id, at) REFERENCES r)"
EXCLUDING = PLAIN + "ALTER TABLE r ADD EXCLUDE USING btree (id WITH =, at WITH =)"
UNCHECKED = PLAIN + "INSERT INTO r VALUES (1, now(), 1); ALTER TABLE r ADD CHECK (v > 5) NOT VALID"
EVERYTHING = PLAIN + "CREATE PUBLICATION p FOR ALL TABLES"
MODELS = "sqlalchemy:tests.integration.timeseries.models:Base"
SERIES, PACKED = TimeSeries("at", "1 day"), Compress("30 days", segment_by="id", order_by="at")


def said(url: str, schema: str, *policies: Policy) -> str:
    """Return what the plan says that may stop it; it changes nothing."""
    with psycopg.connect(url) as conn, conn.transaction(force_rollback=True):
        conn.execute(schema.encode())
        plan = plan_edits(conn, [Edit(table=QualifiedName("public", "r"), policy=p) for p in policies])
    return " ".join(hazard.message for step in plan.steps for hazard in step.hazards)


def test_on_postgresql(database: str) -> None:
    with pytest.raises(PolicyError, match="since it is UNLOGGED"):
        said(database, UNLOGGED, SERIES)
    assert "break r_v_check, which was never validated, stop it" in said(database, UNCHECKED, SERIES)
    assert "stop" not in said(database, EXCLUDING, SERIES, PACKED)
    known = PLAIN + "CREATE TABLE daily (bucket timestamptz PRIMARY KEY, n bigint)"
    daily = Rollup("daily", bucket="1 day", aggregates={"n": "count(*)"})
    assert "kept in pgwright.public_daily_before" in said(database, known, SERIES, daily)
    assert "the first refresh" not in said(database, PLAIN, SERIES, daily)


@pytest.mark.parametrize("edition", ["timescale", "timescale_community"])
def test_on_timescaledb(edition: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(edition)
    with pytest.raises(PolicyError, match="in the publication p"):
        said(url, NAMED, SERIES)
    assert "r is UNLOGGED: some versions" in said(url, UNLOGGED, SERIES)
    assert "to which public.o.o_id_at_fkey refers" in said(url, REFERRED, SERIES)
    assert "break r_v_check" in said(url, UNCHECKED, SERIES)
    assert "has all tables" in said(url, EVERYTHING, SERIES)
    if edition == "timescale_community":
        with pytest.raises(PolicyError, match="exclusion constraint r_id_at_excl"):
            said(url, EXCLUDING, SERIES, PACKED)


def test_the_last_of_a_kind_goes_with_its_declaration(database: str) -> None:
    with psycopg.connect(database) as conn:
        conn.execute(PLAIN)
        declare(
            conn, [Edit(table=QualifiedName("public", "r"), policy=policy) for policy in (SERIES, PACKED)]
        )
        live = read_catalog(conn, source="live")
    kept = {id: o for id, o in live.objects.items() if id.kind != "compression"}
    models = replace(live, objects=kept)
    compared = comparable(
        live, models, before=database, after=MODELS, workshop=Workshop(), selection=Selection()
    )
    assert [(c.id.kind, c.after) for c in compared.changes] == [("compression", None)]
    assert compared.notes == ()
