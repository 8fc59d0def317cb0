"""Run a project's Django migrations, in a process of its own (`pgwright.migrate.worker.program`).

The project's own `migrate` command does the work, so that its checks and signals happen as ever; only the
class that runs one migration is replaced by a subclass.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from types import MappingProxyType
from typing import Any

import django
import msgspec
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.management.commands import migrate as migrate_command
from django.db import NotSupportedError, connections, transaction
from django.db.migrations.exceptions import NodeNotFoundError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.recorder import MigrationRecorder

from pgwright.contrib.django.directing import Directing, DjangoSession
from pgwright.contrib.django.place import line_of
from pgwright.errors import MigrationError, PgwrightError, RevisionError
from pgwright.migrate.messages import Order
from pgwright.migrate.worker.child import Orders, Perform, Refused, explained, failed
from pgwright.migrate.worker.conductor import Conductor

DIRECTING = Directing()
_TOOL = "django"
_SHOW = "see the migrations: pgwright migrate history"


class Executor(MigrationExecutor):
    """Run each migration with its record in one transaction, and tell about it.

    Django records a migration after its transaction, so that a process killed in between leaves one that
    ran but is not on record.
    """

    conductor: Conductor
    direction = "up"

    def migration_plan(self, targets: Any, clean_start: bool = False) -> Any:
        """Return what leads to `targets`, and never the other way.

        Django goes back where it is told to migrate to what later migrations have followed: an upgrade would
        delete data that nobody was asked about. Raises `RevisionError` where a downgrade would go forward.
        """
        plan = super().migration_plan(targets, clean_start)
        wrong = [m for m, backwards in plan if backwards != (self.direction == "down")]
        if clean_start or not wrong:
            return plan
        if self.direction == "up":
            return []
        raise RevisionError(
            f"{wrong[-1]} is not applied, so that there is no way back to it",
            detail="nothing was run",
            hint=f"to apply it: pgwright migrate upgrade {wrong[-1]}",
        )

    def apply_migration(
        self, state: Any, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> Any:
        """Run a migration."""
        self._begin(migration, "up")
        with self._transaction(migration):
            state = super().apply_migration(state, migration, fake=fake, fake_initial=fake_initial)
        self.conductor.revision_committed()
        return state

    def record_migration(self, migration: Migration) -> None:  # type: ignore[override]
        """Record a migration for Django and for pgwright at once."""
        with transaction.atomic(using=self.connection.alias):
            super().record_migration(migration)  # type: ignore[call-arg, arg-type]
            self._end()

    def unapply_migration(self, state: Any, migration: Migration, fake: bool = False) -> Any:
        """Take a migration back."""
        self._begin(migration, "down")
        with self._transaction(migration):
            state = super().unapply_migration(state, migration, fake=fake)
            with transaction.atomic(using=self.connection.alias):
                self._end()
        self.conductor.revision_committed()
        return state

    def _begin(self, migration: Migration, direction: str) -> None:
        name = f"{migration.app_label}.{migration.name}"
        self.conductor.revision_begins(DjangoSession(self.connection), name, direction)

    def _end(self) -> None:
        self.conductor.revision_ends(DjangoSession(self.connection))

    def _transaction(self, migration: Migration) -> Any:
        return transaction.atomic(using=self.connection.alias) if migration.atomic else nullcontext()


def upgrade(order: Order, orders: Orders) -> None:
    """Run the migrations up to ``order.target``: all, those of an app, or up to ``app.name``."""
    _migrate(order, orders, "up", _words(order.target))


def downgrade(order: Order, orders: Orders) -> None:
    """Go back to ``app.name``, to ``app.zero``, to ``zero`` (all apps), or by ``-1``."""
    _migrate(order, orders, "down", None if order.target in ("zero", "-1") else _words(order.target))


def stamp(order: Order, orders: Orders) -> None:
    """Record that the migrations of ``order.target``, separated by blanks, are applied, and no others."""
    conductor = Conductor(_TOOL, order, orders)
    connection = _connection(order, conductor)
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    wanted = [] if order.target == "zero" else order.target.split()
    with transaction.atomic(using=connection.alias):
        here = {f"{app}.{name}" for app, name in recorder.applied_migrations()}
        for id in here - set(wanted):
            recorder.record_unapplied(*id.split(".", 1))
        for id in wanted:
            if id not in here:
                recorder.record_applied(*id.split(".", 1))


def sql(order: Order, orders: Orders) -> str:
    """Return the statements of the migrations that ``order.options["revisions"]`` names, in their order."""
    alias = _connection(order, Conductor(_TOOL, order, orders)).alias
    backwards = order.options.get("direction") == "down"
    parts = []
    for id in order.options["revisions"]:
        app, name = id.split(".", 1)
        out = io.StringIO()
        words = {"database": alias, "backwards": backwards, "stdout": out, "no_color": True}
        call_command("sqlmigrate", app, name, **words)
        parts.append(f"-- {id}\n{out.getvalue().rstrip()}\n")
    return "\n".join(parts)


def write(order: Order, orders: Orders) -> dict[str, Any]:
    """Write what the autodetector finds, or with ``order.options["given"]`` a migration of given code."""
    from pgwright.contrib.django.writer import detect, write_text

    connection = _connection(order, Conductor(_TOOL, order, orders))
    chosen = dict(order.options)
    try:
        return write_text(connection, chosen) if chosen.get("given") else detect(connection, chosen)
    finally:
        connections.close_all()


def revisions(order: Order, orders: Orders) -> list[dict[str, Any]]:
    """Return all migrations as plain data."""
    _connection(order, Conductor(_TOOL, order, orders))
    loader = MigrationLoader(None, ignore_no_migrations=True, replace_migrations=False)
    nodes = loader.graph.node_map
    return [
        {
            "id": ".".join(key),
            "parents": [".".join(parent.key) for parent in nodes[key].parents] if key in nodes else [],
            "message": key[1],
            "path": str(sys.modules[type(migration).__module__].__file__),
            "replaces": [".".join(replaced) for replaced in migration.replaces],
        }
        for key, migration in loader.disk_migrations.items()
    ]


def load(order: Order, orders: Orders) -> None:
    """Do nothing: this process is ready when it has answered."""


def _migrate(order: Order, orders: Orders, direction: str, words: list[str] | None) -> None:
    conductor = Conductor(_TOOL, order, orders, line=line_of)
    Executor.conductor, Executor.direction = conductor, direction
    try:
        connection = _connection(order, conductor)
        for target in [words] if words is not None else _back(connection, order.target):
            call_command("migrate", *target, database=connection.alias, interactive=False, verbosity=0)
    except PgwrightError as exc:
        raise _refused(failed(exc), conductor) from exc
    except NotSupportedError as exc:
        raise _refused(failed(_unsupported(exc)), conductor) from exc
    except (CommandError, NodeNotFoundError) as exc:
        error = RevisionError(str(exc).rstrip("."), detail="Django refuses; nothing was run", hint=_SHOW)
        raise _refused(failed(error), conductor) from exc
    except (Exception, SystemExit) as exc:
        raise _refused(explained(exc, left=conductor.left), conductor) from exc
    finally:
        conductor.close()
        connections.close_all()


def _unsupported(exc: NotSupportedError) -> PgwrightError:
    """Return what it means that Django refuses a server of this version."""
    return MigrationError(
        f"Django {django.get_version()} refuses this server: {str(exc).rstrip('.')}",
        detail="nothing was run",
        hint="upgrade the server: the documentation of your Django says which versions it supports",
    )


def _back(connection: Any, target: str) -> list[list[str]]:
    """Return what to migrate to for all apps at once, or by one migration."""
    executor = MigrationExecutor(connection)
    applied = executor.loader.applied_migrations
    if target == "zero":
        apps = {app for app, _ in applied if app in executor.loader.migrated_apps}
        return [[app, "zero"] for app in sorted(apps)]
    graph = executor.loader.graph
    for row in MigrationRecorder(connection).migration_qs.order_by("-id"):
        node = graph.node_map.get((row.app, row.name))
        if node is None and (row.app, row.name) not in executor.loader.disk_migrations:
            raise RevisionError(
                f"migration {row.app}.{row.name} was applied last, but no file has it",
                detail="nothing was run",
                hint="bring the code up to date, or: pgwright migrate repair",
            )
        # Django records a squashed migration after what follows it, once all that it replaces is there.
        if node is None or any(child.key in applied for child in node.children):
            continue
        before = [parent.key for parent in node.parents if parent.key[0] == row.app]
        return [[row.app, before[0][1] if before else "zero"]]
    return []


def _words(target: str) -> list[str]:
    return [word for word in target.replace(" ", ".").split(".", 1) if word]


def _refused(report: Any, conductor: Conductor) -> Refused:
    return Refused(msgspec.structs.replace(report, revision=conductor.revision, partial=conductor.is_partial))


def _connection(order: Order, conductor: Conductor) -> Any:
    """Return the project's connection, led to where the order says; the first order sets Django up.

    Only a run on record, of the database itself, may use the project's other databases, too.
    """
    os.environ["DJANGO_SETTINGS_MODULE"] = str(order.options["settings"])
    enclosure = DIRECTING.enclosure
    enclosure.are_others_open = bool(order.run)
    enclosure.lead(str(order.options["alias"]), order.url)
    if not apps.ready:
        django.setup()
        migrate_command.MigrationExecutor = Executor  # type: ignore[attr-defined]
    return DIRECTING.follow(conductor)


VERBS: Mapping[str, Perform] = MappingProxyType(
    {
        "upgrade": upgrade,
        "downgrade": downgrade,
        "stamp": stamp,
        "sql": sql,
        "revisions": revisions,
        "load": load,
        "write": write,
    }
)
