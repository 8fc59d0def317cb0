"""Rollups are held against their rows, and computed again, by their own commands."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from pgwright.model.names import QualifiedName
from pgwright.model.policy import Retain, Rollup, TimeSeries
from pgwright.timeseries.declare import Edit, declare
from tests.conftest import MakeDatabase
from tests.integration.cli.running import pgwright

READINGS = QualifiedName("public", "readings")
DECLARED = (
    TimeSeries("at", "1 day"),
    Rollup(
        "hourly",
        bucket="1 hour",
        group_by="sensor_id",
        aggregates={"n": "count(*)", "mean": "avg(value)", "said": "json_agg(value ORDER BY at)"},
    ),
    Rollup("totals", group_by="kind", aggregates={"n": "count(*)"}),
    Retain("5 days"),
)


def _policy(url: str, *arguments: str) -> tuple[int, Any, str]:
    done = pgwright("--url", url, "--json", "policy", *arguments)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


@pytest.mark.parametrize("server", ["server_13", "timescale"])
def test_what_differs_is_named_and_computed_again(
    server: str, request: pytest.FixtureRequest, make_database: MakeDatabase
) -> None:
    found = request.getfixturevalue(server)
    url = found if isinstance(found, str) else make_database(found)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "CREATE TABLE readings (sensor_id int, at timestamptz, kind text, value float8, "
            "PRIMARY KEY (sensor_id, at))"
        )
        for policy in DECLARED:
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])
        conn.execute(
            "INSERT INTO readings SELECT 1 + i % 3, date_trunc('hour', now()) - i * interval '7 minutes', "
            "CASE WHEN i % 2 = 0 THEN 'even' END, i / 7.0 FROM generate_series(1, 2500) AS i"
        )
        # Nothing has been added up, and all of it is noted.
        assert _policy(url, "verify")[0] == 0
        assert _policy(url, "run", "--yes", "--force")[0] == 0
        code, compared, _ = _policy(url, "verify")
        assert (code, [(c["rollup"], c["differing"]) for c in compared]) == (
            0,
            [("public.hourly", 0), ("public.totals", 0)],
        )
        # Rows older than the history that retention left are not expected to be there.
        assert conn.execute("SELECT count(*) < 2500 FROM readings").fetchone() == (True,)
        # What retirement took from the totals is noted until then.
        assert _policy(url, "refresh", "totals")[0] == 0
        # Written past all triggers.
        conn.execute("SET session_replication_role = replica")
        conn.execute("UPDATE readings SET value = value + 1 WHERE at = (SELECT max(at) FROM readings)")
        conn.execute("INSERT INTO readings VALUES (9, now(), NULL, 1)")
        conn.execute("RESET session_replication_role")
        code, compared, _ = _policy(url, "verify")
        assert code == 1 and [c["differing"] for c in compared] == [2, 1]
        assert compared[0]["first"][1].endswith(", 9") and compared[1]["first"] == ["null"]
        assert _policy(url, "refresh", "hourly")[0] == 0
        assert _policy(url, "verify", "public.hourly")[0] == 1
        assert _policy(url, "refresh", "--anew")[0] == 0
        assert _policy(url, "verify")[0] == 0
        code, _, said = _policy(url, "verify", "daily")
        assert code == 2 and "there are: public.hourly, public.totals" in said
