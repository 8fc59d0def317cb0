"""Declare policies in a database: as an edit of its catalog, carried out like every other change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from psycopg import Connection

from pgwright.diff.planner import make_plan
from pgwright.kinds.timeseries.policy_edit import Edit, edited
from pgwright.model.plan import Plan
from pgwright.pg.statements import statement_error
from pgwright.sources.database import read_catalog

__all__ = ["Edit", "declare", "edited", "plan_edits", "spoken"]

# Where the last declaration is gone, nothing of pgwright's stays, unless it keeps something else there.
_TIDY = """DO $pgwright$ BEGIN
IF to_regclass('pgwright.policy') IS NOT NULL THEN
    IF NOT EXISTS (SELECT FROM pgwright.policy) THEN
        DROP TABLE pgwright.policy;
        DROP SCHEMA pgwright;
    END IF;
END IF;
EXCEPTION WHEN dependent_objects_still_exist THEN NULL;
END $pgwright$"""


def plan_edits(conn: Connection[Any], edits: Iterable[Edit], *, online: bool = False) -> Plan:
    """Return the plan that makes the edits hold in the database behind `conn`."""
    before = read_catalog(conn, source="here")
    return make_plan(before, edited(before, edits), online=online)


def spoken(edits: Iterable[Edit]) -> str:
    """Return edits as a text that is the same for equal ones, whatever they have to do in a database."""
    return "; ".join(
        f"{'withdraw' if edit.gone else 'declare'} {edit.policy.kind} of {edit.table}: "
        + ", ".join(f"{name}={value!r}" for name, value in edit.policy.arguments().items())
        for edit in edits
    )


def declare(
    conn: Connection[Any], edits: Iterable[Edit], *, run: Callable[[str], object] | None = None
) -> Plan:
    """Make the edits hold, within the transaction that `conn` is in, and return the plan that was run.

    `run` carries a statement out in that transaction, by default `conn` itself; it lets psycopg's errors
    through. Raises `PolicyError` for what the table or the server cannot bear and `StatementError` for a
    statement that fails; the transaction is then to be rolled back.
    """
    edits = tuple(edits)
    run = run or (lambda text: conn.execute(text.encode()))
    plan = plan_edits(conn, edits)
    for step in plan.steps:
        try:
            run(step.sql)
        except psycopg.Error as exc:
            error = statement_error(exc, step.sql, conn=conn, left="its transaction has to be rolled back")
            error.detail = f"{step.summary} failed; {error.detail}"
            raise error from exc
    if all(edit.gone for edit in edits):
        run(_TIDY)
    return plan
