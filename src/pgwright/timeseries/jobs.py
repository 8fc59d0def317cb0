"""How the jobs fared that TimescaleDB runs by itself for what is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import namedtuple_row

from pgwright.kinds.timeseries.policy_records import COMMUNITY, Record
from pgwright.pg.sqlfiles import load_sql

# Before TimescaleDB 2.9 errors were only in the log of the server.
_TOLD = b"SELECT pg_catalog.to_regclass('timescaledb_information.job_errors') IS NOT NULL"
# Seen of every job of TimescaleDB 2.29.2 on PostgreSQL 17.12: chunks are compressed or dropped, the rollup is
# filled, and then the end of the statement is refused, so that it is taken for failed.
_AFTER_ITS_WORK = "cannot drop portal "
_KINDS = {
    "policy_retention": ("retention", "rollup"),
    "policy_compression": ("compression",),
    "policy_refresh_continuous_aggregate": ("rollup",),
}


@dataclass(frozen=True, kw_only=True)
class Fared:
    """Tell when a job last succeeded, and what its last run failed with, empty where it did not."""

    last_run: datetime | None
    failure: str = ""


def jobs_fared(conn: Connection[Any]) -> Mapping[tuple[str, str, str], Fared]:
    """Return how TimescaleDB's jobs fared, by schema and name of their relation and the kind declared."""
    with conn.cursor(row_factory=namedtuple_row) as cursor:
        row: Any = cursor.execute(_TOLD).fetchone()
        if row is None or not row[0]:
            return {}
        query = load_sql("pgwright.kinds.timeseries", "policy_failures", conn.info.server_version // 10000)
        rows: list[Any] = cursor.execute(query.encode()).fetchall()
    found: dict[tuple[str, str, str], Fared] = {}
    for job in rows:
        for kind in _KINDS[job.procedure]:
            key = (job.schema, job.name, kind)
            is_done = job.failure is None or job.failure.startswith(_AFTER_ITS_WORK)
            failure = found[key].failure if key in found else ""
            found[key] = Fared(last_run=job.last_run, failure=failure or ("" if is_done else job.failure))
    return found


def fared(record: Record, jobs: Mapping[tuple[str, str, str], Fared]) -> Fared | None:
    """Return how the job of a declaration fared; None where TimescaleDB has none for it."""
    if record.definition.get("by") != COMMUNITY:
        return None
    name = record.name if record.kind == "rollup" else record.table_name
    return jobs.get((record.schema, name, record.kind))
