"""Where the database stands among the project's migrations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgwright.config.django import django_models
from pgwright.errors import SourceError
from pgwright.migrate.revisions.graph import Revision, Revisions

if TYPE_CHECKING:
    import psycopg

    from pgwright.config import Project

ALEMBIC, DJANGO = "alembic", "django"


@dataclass(frozen=True, kw_only=True)
class MigrationState:
    """Compare the migrations that a database records with those on disk.

    `current` are the revisions that the database is at: Alembic's version rows, or the last applied
    migration of each Django app. `pending` come in the order in which they would run. `unknown` are on
    record in the database but not on disk. `tracked` is False where the tool's own table does not exist.
    `unread` names apps whose migrations could not be found here. `aside` are on disk and take no part: those
    that a squashed migration stands for, or the squashed one where only some of them were run.
    """

    tool: str
    tracked: bool
    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[Revision, ...]
    unknown: tuple[str, ...]
    applied: int
    unread: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


def migration_files(project: Project) -> Revisions | None:
    """Return the project's migrations on disk, None where it names none. Raises `SourceError`."""
    tool, _, place = (project.migrations or "").partition(":")
    if tool == ALEMBIC:
        from pgwright.migrate.revisions.alembic import read_alembic  # noqa: PLC0415

        return read_alembic(project.root / place)
    if tool == DJANGO:
        from pgwright.migrate.revisions.django import read_django  # noqa: PLC0415

        models = django_models(project.models)
        if models is None:
            raise SourceError(
                'migrations = "django" needs the settings module',
                hint='set models = "django:project.settings" under [project] in pgwright.toml',
            )
        return read_django(models.settings, project.root)
    return None


def migration_state(
    conn: psycopg.Connection[Any], project: Project, files: Revisions | None = None
) -> MigrationState | None:
    """Return where the database stands; None where the project names no migrations.

    `files` are those of `migration_files`, for callers that have read them. Raises `SourceError` where they
    cannot be read, and psycopg's errors.
    """
    files = files or migration_files(project)
    return None if files is None else state_of(conn, project, files)


def state_of(conn: psycopg.Connection[Any], project: Project, files: Revisions) -> MigrationState:
    """Return where the database stands among `files`, the revisions of a project that has some."""
    if (project.migrations or "").startswith(ALEMBIC):
        return alembic_state(recorded(conn, "alembic_version"), files)
    return django_state(recorded(conn, "django_migrations"), files)


def alembic_state(recorded: Collection[str] | None, files: Revisions) -> MigrationState:
    """Return the state for the rows of alembic_version; None means that the table does not exist."""
    current = tuple(sorted(recorded or ()))
    done = files.ancestors(current)
    wanted = files.ancestors(files.heads)
    return MigrationState(
        tool=ALEMBIC,
        tracked=recorded is not None,
        current=current,
        heads=files.heads,
        pending=files.in_order(wanted - done),
        unknown=tuple(id for id in current if id not in files.by_id),
        applied=len(done),
    )


def django_state(recorded: Collection[str] | None, files: Revisions) -> MigrationState:
    """Return the state for the rows of django_migrations (``app.name``); None: no such table."""
    known, rows = files.by_id, set(recorded or ())
    nodes, done = set(known), set(rows)
    for revision in known.values():
        if not revision.replaces:
            continue
        replaced = set(revision.replaces)
        if replaced & rows and not replaced <= rows:
            # Half of what it stands for was applied: Django goes on with the old ones.
            nodes.discard(revision.id)
            continue
        nodes -= replaced
        if replaced <= rows:
            done.add(revision.id)
    done &= nodes
    labels = {id.partition(".")[0] for id in known}
    squashed = {name for revision in known.values() for name in revision.replaces}
    gone = {id for id in rows if id.partition(".")[0] in labels} - set(known) - squashed
    followed = {parent for id in done for parent in files.before(id) if _same_app(parent, id)}
    followed |= {name for id in done for name in known[id].replaces}
    return MigrationState(
        tool=DJANGO,
        tracked=recorded is not None,
        current=tuple(sorted(done - followed)),
        heads=files.heads,
        pending=files.in_order(nodes - done),
        unknown=tuple(sorted(gone)),
        applied=len(done),
        unread=files.unread,
        aside=tuple(sorted(set(known) - nodes)),
    )


def _same_app(one: str, other: str) -> bool:
    return one.partition(".")[0] == other.partition(".")[0]


def recorded(conn: psycopg.Connection[Any], table: str) -> tuple[str, ...] | None:
    """Return the revisions that ``alembic_version`` or ``django_migrations`` holds; None: no such table."""
    from psycopg import sql  # noqa: PLC0415

    place = table_of(conn, table)
    if place is None:
        return None
    query = "SELECT version_num FROM {}"
    if table == "django_migrations":
        query = "SELECT app || '.' || name FROM {} ORDER BY id"
    return tuple(row[0] for row in conn.execute(sql.SQL(query).format(sql.Identifier(*place))).fetchall())


def table_of(conn: psycopg.Connection[Any], name: str) -> tuple[str, str] | None:
    """Return schema and name of the tool's table: the one that the search path finds, else any."""
    from pgwright.pg.sqlfiles import load_sql  # noqa: PLC0415

    text = load_sql("pgwright.migrate", "bookkeeping", conn.info.server_version // 10000)
    row = conn.execute(text.encode(), {"name": name}).fetchone()
    return (row[0], row[1]) if row else None
