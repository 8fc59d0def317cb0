"""What the ledger of a database says of its runs of migrations."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from psycopg import Connection

from pgwright.migrate.turn import JOB
from pgwright.migrate.way import Way
from pgwright.model.run import Run, RunStatus
from pgwright.pg.session import is_locked
from pgwright.state.ledger import Ledger

REPAIR = "migrate repair"


def last_run(conn: Connection[Any]) -> Run | None:
    """Return the newest run in the ledger, a repair of the record included; None where there is none.

    One that the ledger calls running, although nobody holds the lock, is returned as abandoned.
    """
    ledger = Ledger(conn=conn)
    if not ledger.exists():
        return None
    runs = [run for job in (JOB, REPAIR) if (run := ledger.last(job))]
    newest = max(runs, key=lambda run: run.started_at, default=None)
    if newest and newest.status is RunStatus.RUNNING and not is_locked(conn, JOB):
        return replace(newest, status=RunStatus.ABANDONED)
    return newest


def way_of(conn: Connection[Any], run: Run) -> Way | None:
    """Return where a run led; None for a repair, which led nowhere."""
    payload = Ledger(conn=conn).payload(run.id)
    return Way(**json.loads(payload)) if payload else None
