"""Where a database stands between the models and the migrations, and how it moves."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from app.db.lock import migration_lock
from app.db.session import CONNECT_TIMEOUT
from app.errors import DatabaseError
from app.models import Base
from app.settings import ROOT, Settings

LOST_VERSION = "alembic_version is lost: the application's tables exist, but no revision is recorded"


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One migration as the history shows it."""

    id: str
    message: str
    is_applied: bool
    is_current: bool
    is_head: bool


@dataclass(frozen=True, kw_only=True)
class Status:
    """Where the database stands; `drift` is None when it was not looked for."""

    database: str
    environment: str
    server: str
    current: tuple[str, ...]
    head: tuple[str, ...]
    pending: tuple[Revision, ...]
    version_lost: bool
    drift: tuple[str, ...] | None

    @property
    def is_clean(self) -> bool:
        """Return whether the database is what the code expects."""
        return not (self.pending or self.version_lost or self.drift)


def alembic_config() -> Config:
    """Return Alembic's configuration for calls from this program."""
    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["quiet"] = True
    return config


def plain_engine(settings: Settings) -> Engine:
    """Return an engine without a pool: an administrative command needs one connection, once."""
    return create_engine(
        settings.database_url,
        poolclass=NullPool,
        connect_args={
            "application_name": f"{settings.application_name}: admin",
            "connect_timeout": CONNECT_TIMEOUT,
        },
    )


def read_status(settings: Settings) -> Status:
    """Read where the database stands.

    Raises:
        DatabaseError: the database records a revision that this checkout lacks.
    """
    with plain_engine(settings).connect() as connection:
        current = current_revisions(connection)
        history = read_history(current)
        pending = tuple(revision for revision in reversed(history) if not revision.is_applied)
        lost = is_version_lost(connection, current)
        # While revisions are pending, the difference to the models is what they will bring.
        comparable = lost or not pending
        return Status(
            database=settings.where,
            environment=settings.environment,
            server=f"PostgreSQL {connection.scalar(text('SHOW server_version'))}",
            current=current,
            head=tuple(revision.id for revision in history if revision.is_head),
            pending=() if lost else pending,
            version_lost=lost,
            drift=find_drift(connection) if comparable else None,
        )


def find_drift(connection: Connection) -> tuple[str, ...]:
    """Return what differs between the models and the database, one line each, empty when nothing does."""
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    # What Alembic sees but cannot write as a migration it says as a warning; it is drift all the same.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        differences = compare_metadata(context, Base.metadata)
    return (*_describe(differences), *(str(warning.message) for warning in caught))


def current_revisions(connection: Connection) -> tuple[str, ...]:
    """Return the revisions that the database records; none for an empty database."""
    return MigrationContext.configure(connection).get_current_heads()


def is_version_lost(connection: Connection, current: tuple[str, ...]) -> bool:
    """Return whether the application's tables exist although no revision is recorded."""
    return not current and bool(Base.metadata.tables.keys() & set(inspect(connection).get_table_names()))


def read_history(current: tuple[str, ...]) -> tuple[Revision, ...]:
    """Return all revisions, newest first, and which of them `current` implies.

    Raises:
        DatabaseError: no file has one of the `current` revisions.
    """
    scripts = ScriptDirectory.from_config(alembic_config())
    everything: list[Script] = list(scripts.walk_revisions())
    unknown = set(current) - {script.revision for script in everything}
    if unknown:
        raise DatabaseError(
            f"the database is at revision {', '.join(sorted(unknown))}: no file in alembic/versions has it",
            hint="bring this checkout up to date (git pull); if the revision is gone for good, put the "
            "database at the one that its schema matches: python -m alembic stamp --purge REVISION",
        )
    applied = {script.revision for script in scripts.iterate_revisions(current, "base")} if current else set()
    heads = scripts.get_heads()
    return tuple(
        Revision(
            id=script.revision,
            message=script.doc.rstrip("."),
            is_applied=script.revision in applied,
            is_current=script.revision in current,
            is_head=script.revision in heads,
        )
        for script in everything
    )


def check_version(settings: Settings) -> None:
    """Refuse to migrate from an unknown place.

    Raises:
        DatabaseError: `alembic_version` is lost, or names a revision that this checkout lacks.
    """
    with plain_engine(settings).connect() as connection:
        current = current_revisions(connection)
        read_history(current)
        if is_version_lost(connection, current):
            raise DatabaseError(LOST_VERSION, hint=stamp_hint(find_drift(connection)))


def stamp_hint(drift: tuple[str, ...]) -> str:
    """Return how to give a database without `alembic_version` its revision back."""
    if not drift:
        return "the schema is that of the newest revision; record it: python -m alembic stamp head"
    return (
        "the schema is not that of the newest revision (see: python scripts/db.py status); find the one that "
        "it matches (python scripts/db.py migrate show) and record it: python -m alembic stamp REVISION"
    )


def upgrade(settings: Settings, revision: str = "head") -> None:
    """Apply the migrations up to `revision`; one that is applied already is left alone."""
    check_version(settings)
    command.upgrade(alembic_config(), revision)


def downgrade(settings: Settings, revision: str) -> None:
    """Take the migrations after `revision` back; "base" takes all of them back."""
    check_version(settings)
    command.downgrade(alembic_config(), revision)


def create(settings: Settings, message: str, *, autogenerate: bool) -> str | None:
    """Write a new migration and return its path; None when `autogenerate` found nothing that differs."""
    if autogenerate:
        check_version(settings)
    config = alembic_config()
    config.attributes["autogenerate"] = autogenerate
    made = command.revision(config, message, autogenerate=autogenerate)
    script = made[0] if isinstance(made, list) and made else made
    return script.path if isinstance(script, Script) else None


def drop_everything(settings: Settings) -> None:
    """Drop every object that the migrations or the models know, and `alembic_version`.

    It works also when `alembic_version` is lost or names an unknown revision.
    """
    with plain_engine(settings).connect() as connection:
        current = current_revisions(connection)
    scripts = ScriptDirectory.from_config(alembic_config())
    known = {script.revision for script in scripts.walk_revisions()}
    if current and known.issuperset(current):
        command.downgrade(alembic_config(), "base")
    with migration_lock(settings), plain_engine(settings).begin() as connection:
        Base.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


def _describe(differences: Iterable[Any]) -> Iterable[str]:
    for difference in differences:
        if isinstance(difference, list):
            yield from _describe(difference)
            continue
        action, *rest = difference
        verb, _, what = action.partition("_")
        if verb == "modify":
            _, table, column, _, before, after = rest
            yield f"{table}.{column}: {what} is {before!r} in the database, {after!r} in the models"
            continue
        side = "missing in the database" if verb == "add" else "in the database, but not in the models"
        yield f"{what} {_name(rest)}: {side}"


def _name(rest: list[Any]) -> str:
    subject = rest[-1]
    name = getattr(subject, "name", None) or str(subject)
    table = getattr(subject, "table", None)
    if table is not None:
        return f"{table.name}.{name}"
    # A column to add or remove comes as (schema, table, column), still without its table.
    return f"{rest[1]}.{name}" if len(rest) == 3 else str(name)
