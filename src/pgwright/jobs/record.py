"""One execution of a job: alone, by an advisory lock, and on record in the database's ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from pgwright.errors import PgwrightError, PrivilegeError
from pgwright.model.run import Run, RunStatus
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.pg.session import advisory_lock
from pgwright.state.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Hold what a job gave, and its run; `run` is None where this role may not write a ledger."""

    result: Mapping[str, Any]
    run: Run | None


def run_job(url: str, job: str, work: Callable[[], Mapping[str, Any]]) -> Outcome:
    """Do `work` once, on record as `job` in the database at `url`.

    `work` returns plain data for the ledger. Raises `LockTimeoutError` when the job runs already, and
    whatever `work` raises, which then is on record as well.
    """
    with connect(url, autocommit=True, application_name=f"pgwright {job}") as conn, advisory_lock(conn, job):
        ledger = _ledger(conn)
        if ledger is None:
            return Outcome(result=work(), run=None)
        ledger.abandon_running(job)
        run = ledger.begin(job)
        try:
            result = work()
        except BaseException as error:
            words = error.message if isinstance(error, PgwrightError) else f"{type(error).__name__}: {error}"
            ledger.finish(run.id, RunStatus.FAILED, error=redact(words))
            raise
        return Outcome(result=result, run=ledger.finish(run.id, RunStatus.SUCCEEDED, result=result))


def _ledger(conn: psycopg.Connection[Any]) -> Ledger | None:
    """Return the ledger, None on a standby and for a role that may not make or write one."""
    ledger = Ledger(conn=conn)
    try:
        ledger.prepare()
        conn.execute("SELECT 1 FROM pgwright.run WHERE false FOR UPDATE")
    except (PrivilegeError, psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction):
        return None
    return ledger
