"""Everything that is known of where a database stands among its migrations, without running any code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgwright.errors import RevisionError
from pgwright.migrate.revisions.files import files_of
from pgwright.migrate.revisions.graph import Revision, Revisions
from pgwright.migrate.runs import last_run
from pgwright.migrate.state import ALEMBIC, DJANGO, MigrationState, state_of
from pgwright.migrate.tools import digest_of, tool_of
from pgwright.model.run import Run, RunStatus
from pgwright.state.migrations import MigrationLedger, MigrationRecord, Unfinished

if TYPE_CHECKING:
    from psycopg import Connection

    from pgwright.config import Project


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Name something that does not fit together, and the way out.

    `kind` is ``several-heads``, ``missing-file``, ``missing-parent``, ``edited``, ``untracked``,
    ``unfinished`` or ``stopped``.
    """

    kind: str
    revision: str
    message: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Hold where a database stands.

    `records` are of what pgwright itself ran, by revision, and `last_run` is its newest run.
    """

    files: Revisions
    state: MigrationState
    records: Mapping[str, MigrationRecord]
    last_run: Run | None
    problems: tuple[Problem, ...]


def standing(conn: Connection[Any], project: Project) -> Standing:
    """Return where the database stands. Raises `UsageError`, `SourceError` and psycopg's errors."""
    files = files_of(project)
    state = state_of(conn, project, files)
    ledger = MigrationLedger(conn=conn, tool=tool_of(project).name)
    records, run = ledger.latest(), last_run(conn)
    problems = (
        *_of_record(conn, state),
        *_of_files(files, state),
        *_of_history(files, state, records),
        *_of_runs(run, ledger.unfinished(), state),
    )
    return Standing(files=files, state=state, records=records, last_run=run, problems=problems)


def require_runnable(files: Revisions, state: MigrationState) -> None:
    """Raise `RevisionError` for what makes it impossible to know which migrations should run."""
    blocking = _missing_parents(files)
    blocking += [p for p in _unknown(state) if state.tool == ALEMBIC]
    if blocking:
        raise RevisionError(blocking[0].message, detail="nothing was run", hint=blocking[0].hint)


def _of_record(conn: Connection[Any], state: MigrationState) -> list[Problem]:
    problems = _unknown(state)
    table = "alembic_version" if state.tool == ALEMBIC else "django_migrations"
    if not state.applied and not state.unknown and _has_tables(conn):
        problems.append(
            Problem(
                kind="untracked",
                revision=table,
                message=f"there are tables, but {table} records no revision: it is lost, or was never there",
                hint="find the revision that the schema matches, and record it: pgwright migrate repair",
            )
        )
    return problems


def _unknown(state: MigrationState) -> list[Problem]:
    return [
        Problem(
            kind="missing-file",
            revision=id,
            message=f"the database records {id}, and no file has it: newer code ran it, or the file is gone",
            hint="bring the code up to date; if the file is gone for good: pgwright migrate repair",
        )
        for id in state.unknown
    ]


def _has_tables(conn: Connection[Any]) -> bool:
    row = conn.execute(
        "SELECT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' "
        "AND n.nspname NOT IN ('information_schema', 'pgwright') "
        "AND c.relname NOT IN ('alembic_version', 'django_migrations') "
        "AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass "
        "AND d.objid = c.oid AND d.deptype = 'e'))"
    ).fetchone()
    return bool(row and row[0])


def _of_files(files: Revisions, state: MigrationState) -> list[Problem]:
    # Where a file is missing, those before and after it are two ends for that reason alone.
    return _missing_parents(files) or _several_heads(files, state)


def _missing_parents(files: Revisions) -> list[Problem]:
    return [
        Problem(
            kind="missing-parent",
            revision=revision.id,
            message=f"{revision.id} follows {parent}, and no file has that ({revision.path.name})",
            hint=f"bring the file of {parent} back, or correct what {revision.path.name} says it follows",
        )
        for revision in (files.by_id.values() if not files.unread else ())
        for parent in revision.parents
        if parent not in files.by_id and not files.is_squashed(parent)
    ]


def _several_heads(files: Revisions, state: MigrationState) -> list[Problem]:
    if state.tool == DJANGO:
        return _leaves(files)
    if len(state.heads) < 2:
        return []
    return [
        Problem(
            kind="several-heads",
            revision=", ".join(state.heads),
            message=f"the revisions end in {len(state.heads)} heads: {', '.join(state.heads)}",
            hint='join them: alembic merge heads -m "merge"; or run all: pgwright migrate upgrade heads',
        )
    ]


def _leaves(files: Revisions) -> list[Problem]:
    """Return the apps whose migrations end in several leaves, which Django refuses."""
    followed = {p for id in files.by_id for p in files.before(id) if p.split(".")[0] == id.split(".")[0]}
    by_app: dict[str, list[str]] = {}
    for id in files.by_id:
        if id not in followed and not files.is_squashed(id):
            by_app.setdefault(id.split(".")[0], []).append(id)
    return [
        Problem(
            kind="several-heads",
            revision=", ".join(sorted(ids)),
            message=f"the migrations of {app} end in {len(ids)} leaves: {', '.join(sorted(ids))}",
            hint=f"join them: python manage.py makemigrations --merge {app}",
        )
        for app, ids in sorted(by_app.items())
        if len(ids) > 1
    ]


def _of_history(
    files: Revisions, state: MigrationState, records: Mapping[str, MigrationRecord]
) -> list[Problem]:
    pending = {revision.id for revision in state.pending}
    found = []
    for id, record in records.items():
        revision: Revision | None = files.by_id.get(id)
        if revision is None or id in pending or record.direction != "up" or record.digest is None:
            continue
        if digest_of(revision.path) != record.digest:
            found.append(
                Problem(
                    kind="edited",
                    revision=id,
                    message=f"{revision.path.name} was changed after it ran here on "
                    f"{record.ended_at:%Y-%m-%d %H:%M}: other databases may have run another text",
                    hint="put the file back and write the change as a new migration; is anything different? "
                    "pgwright schema diff",
                )
            )
    return found


def _of_runs(run: Run | None, parts: tuple[Unfinished, ...], state: MigrationState) -> list[Problem]:
    found = [_half_done(part) for part in parts if is_open(part, state)]
    if run is not None and run.status is RunStatus.ABANDONED and state.pending and not found:
        stopped = Problem(
            kind="stopped",
            revision=run.watermark or "",
            message=f"run {run.id} of {run.started_at:%Y-%m-%d %H:%M} never ended, and nobody works on it",
            hint="go on where it stopped: pgwright migrate resume",
        )
        return [stopped]
    return found


def is_open(part: Unfinished, state: MigrationState) -> bool:
    """Tell whether a half-done revision is not where it was going; somebody else may have taken it there."""
    is_pending = any(revision.id == part.revision for revision in state.pending)
    return is_pending == (part.direction == "up")


def _half_done(part: Unfinished) -> Problem:
    way = "applied" if part.direction == "up" else "taken back"
    return Problem(
        kind="unfinished",
        revision=part.revision,
        message=f"{part.revision} is half {way}: it commits in pieces, and was stopped between two",
        hint="go on where it stopped: pgwright migrate resume",
    )
