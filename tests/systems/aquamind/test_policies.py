"""Readings by day: one declaration, on plain PostgreSQL, on both editions of TimescaleDB, and on SQLite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgwright.timeseries.chunks import holdings
from pgwright.timeseries.patience import patiently
from pgwright.timeseries.run import Demand, run_policies
from pgwright.timeseries.status import policy_status
from tests.systems.aquamind.project import manage

READINGS = "public.environmental_environmentalreading"
FILL = """
INSERT INTO environmental_area (name, kind, latitude, longitude, is_active, created_at)
VALUES ('North', 'sea', 62, -6, true, now());
INSERT INTO environmental_container (area_id, name, kind, volume_m3, is_active)
SELECT id, 'Pen 1', 'pen', 900, true FROM environmental_area;
INSERT INTO environmental_sensor (serial_number, container_id, model, interval_s, installed_on)
SELECT 'S-1', id, '', 1800, '2024-01-01' FROM environmental_container;
INSERT INTO environmental_environmentalreading (sensor_id, timestamp, temperature)
SELECT s.id, now() - i * interval '30 minutes', 5 + i % 10
FROM environmental_sensor AS s, generate_series(0, 199) AS i;
"""
FRESH = """
SELECT date_trunc('day', timestamp, 'UTC'), sensor_id,
       avg(temperature), min(temperature), max(temperature), count(*)
FROM environmental_environmentalreading GROUP BY 1, 2 ORDER BY 1, 2
"""


@pytest.mark.parametrize("engine", ["database", "timescale", "timescale_community"])
def test_the_declarations_come_with_the_migrations(engine: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(engine)
    manage(url, "migrate", "-v0")
    assert "No changes" in manage(url, "makepolicies", "--check")
    with psycopg.connect(url, autocommit=True) as conn:
        told = {(s.table, s.kind): s.by for s in policy_status(conn)}
        kept = {h.table: (h.engine, h.interval) for h in holdings(conn)}
        conn.execute(FILL)
        before = conn.execute(FRESH).fetchall()
    own = "pgwright" if engine == "database" else "TimescaleDB"
    assert told[READINGS, "time_series"] == own
    community = engine == "timescale_community"
    assert told[READINGS, "compression"] == ("TimescaleDB" if community else "nobody")
    assert told[READINGS, "retention"] == ("TimescaleDB" if community else "pgwright")
    assert kept[READINGS] == ("partitions" if engine == "database" else "hypertable", "1 day")
    with psycopg.connect(url, autocommit=True) as conn:
        if community:
            call = "CALL refresh_continuous_aggregate('environmental_daily_avg', NULL, NULL)"
            # TimescaleDB's scheduler may be at it: a refresh refuses another one beside it.
            patiently(lambda: conn.execute(call), seconds=30)
        assert not run_policies(url, Demand(force=True)).failed
        assert _daily(conn) == before
    # The way back leaves plain tables with the same rows.
    manage(url, "migrate", "environmental", "0004", "-v0")
    with psycopg.connect(url, autocommit=True) as conn:
        assert holdings(conn) == () and policy_status(conn) == ()
        assert conn.execute(FRESH).fetchall() == before


def _daily(conn: psycopg.Connection) -> list[Any]:
    columns = "day, sensor_id, avg_temp, min_temp, max_temp, readings"
    return conn.execute(f"SELECT {columns} FROM environmental_daily_avg ORDER BY 1, 2").fetchall()


def test_on_sqlite_they_do_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'aquamind.sqlite3'}"
    manage(url, "migrate", "-v0")
    assert "No changes" in manage(url, "makepolicies", "--check")
    manage(url, "migrate", "environmental", "0004", "-v0")


def test_what_is_declared_otherwise_wants_a_migration(database: str) -> None:
    text = manage(database, "makepolicies", "--dry-run", "demo")
    assert text == "No changes: the migrations hold what policies.py declares\n"
