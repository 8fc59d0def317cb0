"""The database is not at the revision that the code expects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import listed
from pgwright.migrate.state import ALEMBIC, MigrationState
from pgwright.model.finding import Finding, Severity
from pgwright.model.wording import counted


def _evaluate(rows: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    state = situation.migrations
    if state is None:
        return
    yield from _pending(state, has_tables=any(row["has_tables"] for row in rows))
    if state.unknown:
        yield CHECK.finding(
            "unknown revision",
            f"the database records {listed(state.unknown)}, which no file here has: "
            "it was migrated by newer code, or files are missing",
            hint="update the code to the version that was deployed last, or: pgwright migrate repair",
            unknown=list(state.unknown),
        )
    if state.tool == ALEMBIC and len(state.heads) > 1:
        yield CHECK.finding(
            "heads",
            f"the revisions end in {len(state.heads)} heads ({listed(state.heads)}): "
            "upgrade head does not know which",
            hint='python -m alembic merge heads -m "merge"',
            heads=list(state.heads),
        )


def _pending(state: MigrationState, *, has_tables: bool) -> Iterable[Finding]:
    if not state.pending:
        return
    ids = [revision.id for revision in state.pending]
    if not state.tracked and has_tables:
        table = "alembic_version" if state.tool == ALEMBIC else "django_migrations"
        yield CHECK.finding(
            table,
            f"there are tables but no {table}: which migrations were applied is not on record",
            hint="find the revision that the schema matches, and record it: pgwright migrate repair",
            pending=ids,
        )
        return
    yield CHECK.finding(
        "database",
        f"{counted(len(ids), 'migration')} not applied ({listed(ids)}): code that expects them fails",
        hint="pgwright migrate upgrade",
        pending=ids,
        current=list(state.current),
        heads=list(state.heads),
    )


CHECK = Check(
    id="pending_migrations",
    title="migrations are pending, or their record is wrong",
    scope=Scope.PROJECT,
    severity=Severity.WARNING,
    query="pending_migrations",
    applies=lambda situation: situation.project is not None and bool(situation.project.migrations),
    evaluate=_evaluate,
)
