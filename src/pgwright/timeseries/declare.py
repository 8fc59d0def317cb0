"""Declare policies in a database: as an edit of its catalog, carried out like every other change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.diff.planner import make_plan
from pgwright.errors import PolicyError
from pgwright.kinds.registry import KINDS
from pgwright.kinds.steps import name_of
from pgwright.kinds.timeseries.buckets import interval
from pgwright.kinds.timeseries.policy_edit import Edit, edited
from pgwright.kinds.timeseries.policy_records import Record
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Plan, Reversibility
from pgwright.pg.quoting import Name
from pgwright.pg.statements import statement_error
from pgwright.sources.database import read_catalog
from pgwright.timeseries.records import Declarations, declarations, parts_of

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
    # By their names, all kinds: what none of them handles would take longest to find, and plays no part.
    before = read_catalog(conn, source="here", kinds=KINDS)
    return make_plan(before, edited(before, edits), online=online)


def spoken(edits: Iterable[Edit]) -> str:
    """Return edits as a text that is the same for equal ones, whatever they have to do in a database."""
    return "; ".join(
        f"{'withdraw' if edit.gone else 'declare'} {edit.policy.kind} of {edit.table}: "
        + ", ".join(f"{name}={value!r}" for name, value in edit.policy.arguments().items())
        for edit in edits
    )


_ENDS = ("DROP TABLE", "DROP MATERIALIZED VIEW")


def _require_history(conn: Connection[Any], plan: Plan) -> None:
    """Raise `PolicyError` where a rollup with history would be made anew: a migration is asked nothing."""
    rollups = [step for step in plan.steps if step.subject.kind == "rollup"]
    lost = {
        step.subject
        for step in rollups
        if step.reversibility is Reversibility.DATA_LOST and any(words in step.sql for words in _ENDS)
    }
    anew = lost & {step.subject for step in rollups if "INSERT INTO pgwright.policy" in step.sql}
    if not anew:
        return
    declared = declarations(conn)
    known = {ObjectId("rollup", QualifiedName(None, r.name), r.table): r for r in declared.of("rollup")}
    found = [id for id in anew if id in known and _has_history(conn, known[id], declared)]
    if found:
        raise PolicyError(
            f"rollup {', '.join(sorted(id.path for id in found))} would be made anew, and lose what it alone "
            "knows of rows that were retired",
            detail="what it adds up, or by what, is something else than before; nothing was changed",
            hint="keep it, and declare the other one under another name; or end it in a migration before, "
            "where it may go: withdraw_policies, in Django RemovePolicy",
        )


def _has_history(conn: Connection[Any], record: Record, declared: Declarations) -> bool:
    """Tell whether a rollup has buckets whose rows are gone."""
    if record.floor is not None or not record.definition.get("by"):
        return record.floor is not None
    parts = parts_of(conn, record, declared)
    row = conn.execute(
        sql.SQL("SELECT (SELECT min({}) FROM {}) + {} <= (SELECT min({}) FROM {})").format(
            Name(parts.bucket_column),
            name_of(parts.relation),
            interval(parts.bucket),
            Name(parts.column),
            name_of(parts.source),
        )
    ).fetchone()
    return row is not None and bool(row[0])


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
    _require_history(conn, plan)
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
