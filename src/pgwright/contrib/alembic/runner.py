"""Run a project's Alembic revisions, in a process of its own (`pgwright.migrate.worker.program`).

Alembic's own classes do the work, in the project's own env.py. What is added hangs on their public hooks: the
function that yields the steps, `on_version_apply`, SQLAlchemy's events.
"""

from __future__ import annotations

import io
import logging
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from pgwright.contrib.alembic.directing import Directing, session_of
from pgwright.contrib.alembic.writer import write
from pgwright.errors import MigrationError, PgwrightError, RevisionError
from pgwright.migrate.messages import Order
from pgwright.migrate.worker.child import Orders, Perform, Refused, driver_error, explained, failed
from pgwright.migrate.worker.conductor import Conductor
from pgwright.migrate.worker.place import line_in

DIRECTING = Directing()
_TOOL = "alembic"
# What `alembic init` writes in place of a URL.
_PLACEHOLDER = "driver://"
# What Alembic says of a revision to go to that is none.
_NO_TARGET = (
    "can't locate revision",
    "no such revision",
    "relative revision",
    "walked too far",
    "not a valid",
)


def _environment_context(conductor: Conductor, *args: Any, **attributes: Any) -> EnvironmentContext:
    """Return the context of an env.py whose revisions each have a transaction of their own.

    The module `alembic.context` stands for instances of this very class, so a subclass would not do.
    """
    environment = EnvironmentContext(*args, **attributes)
    configure = environment.configure

    def applied(*, ctx: MigrationContext, **_: Any) -> None:
        assert ctx.connection is not None
        conductor.revision_ends(session_of(ctx.connection))

    def configured(connection: Connection | None = None, **options: Any) -> None:
        options["transaction_per_migration"] = True
        if connection is not None:
            _require_usable(connection)
            given = options.get("on_version_apply") or ()
            others = tuple(given) if isinstance(given, (list, tuple, set)) else (given,)
            options["on_version_apply"] = (*others, applied)
        configure(connection=connection, **options)

    environment.configure = configured  # type: ignore[method-assign, assignment]
    return environment


def _require_usable(connection: Connection) -> None:
    if not DIRECTING.is_directed(connection):
        raise MigrationError(
            "env.py opens its connection in a way that leads past pgwright",
            detail="an engine with creator=, or one of another database; nothing was run",
            hint="let env.py call create_engine with a postgresql:// URL",
        )
    if connection.in_transaction():
        raise MigrationError(
            "env.py opens a transaction around all revisions",
            detail="a revision could then neither be tried again nor build an index concurrently; "
            "nothing was run",
            hint="in env.py use engine.connect() instead of engine.begin()",
        )


def upgrade(order: Order, orders: Orders) -> None:
    """Run the revisions up to ``order.target``."""
    _run(order, orders, "up")


def downgrade(order: Order, orders: Orders) -> None:
    """Take the revisions after ``order.target`` back."""
    _run(order, orders, "down")


def stamp(order: Order, orders: Orders) -> None:
    """Record ``order.target`` (several separated by blanks) as the place of the database, running nothing."""
    script = ScriptDirectory.from_config(_config(order))
    targets = tuple(order.target.split())
    conductor = Conductor(_TOOL, order, orders)
    _in_environment(order, script, conductor, lambda rev, _: script._stamp_revs(targets, rev), purge=True)


def sql(order: Order, orders: Orders) -> str:
    """Return the statements that lead to ``order.target``; ``start:end`` names both ends."""
    buffer = io.StringIO()
    script = ScriptDirectory.from_config(_config(order))
    start, _, target = order.target.rpartition(":")
    back = order.options.get("direction") == "down"
    walk = script._downgrade_revs if back else script._upgrade_revs
    conductor = Conductor(_TOOL, order, orders)
    _in_environment(
        order, script, conductor, lambda rev, _: walk(target, rev), buffer=buffer, start=start or None
    )
    return buffer.getvalue()


def revisions(order: Order, orders: Orders) -> list[dict[str, Any]]:
    """Return all revisions as plain data."""
    script = ScriptDirectory.from_config(_config(order))
    return [
        {
            "id": found.revision,
            "parents": list(found._all_down_revisions),
            "message": (found.doc or "").rstrip("."),
            "path": found.path,
            "replaces": [],
        }
        for found in script.walk_revisions()
    ]


def load(order: Order, orders: Orders) -> None:
    """Do nothing: this process is ready when it has answered."""


def _run(order: Order, orders: Orders, direction: str) -> None:
    script = ScriptDirectory.from_config(_config(order))
    path = ""
    conductor = Conductor(_TOOL, order, orders, line=lambda _: line_in(path))

    def steps(rev: Any, context: MigrationContext) -> Iterator[Any]:
        walk = script._upgrade_revs if direction == "up" else script._downgrade_revs
        nonlocal path
        assert context.connection is not None
        for step in walk(order.target, rev):
            name = str(step.info.up_revision_id)
            path = script.get_revision(name).path
            conductor.revision_begins(session_of(context.connection), name, direction)
            yield step
            # Alembic asks for the next step when it has committed this one.
            conductor.revision_committed()

    try:
        _in_environment(order, script, conductor, steps)
    finally:
        conductor.close()


def _in_environment(
    order: Order,
    script: ScriptDirectory,
    conductor: Conductor,
    walk: Any,
    *,
    buffer: io.StringIO | None = None,
    start: str | None = None,
    purge: bool = False,
) -> None:
    """Run env.py with `walk` as its work.

    Raises `Refused` with what went wrong and where it left the revision.
    """
    DIRECTING.to(order.url, conductor)
    target: Any = tuple(order.target.split()) if purge else order.target.rpartition(":")[2]
    options = {"as_sql": buffer is not None, "starting_rev": start, "destination_rev": target, "purge": purge}
    try:
        with _environment_context(conductor, _config(order, buffer), script, fn=walk, **options):
            script.run_env()
    except PgwrightError as exc:
        raise _refused(failed(exc), conductor) from exc
    except CommandError as exc:
        # An env.py may turn the server's errors into Alembic's.
        is_servers = driver_error(exc) is not None
        told = explained(exc, left=conductor.left) if is_servers else failed(_explained_command(exc, script))
        raise _refused(told, conductor) from exc
    except (Exception, SystemExit) as exc:
        raise _refused(explained(exc, left=conductor.left), conductor) from exc


def _refused(report: Any, conductor: Conductor) -> Refused:
    report = msgspec.structs.replace(report, revision=conductor.revision, partial=conductor.is_partial)
    return Refused(report)


def _explained_command(exc: CommandError, script: ScriptDirectory) -> MigrationError:
    words = str(exc).rstrip(".")
    if "Multiple head revisions" in words:
        heads = ", ".join(script.get_heads())
        return RevisionError(
            f"the revisions end in several heads: {heads}",
            detail="nothing was run",
            hint='join them: alembic merge heads -m "merge"; or run all: pgwright migrate upgrade heads',
        )
    hint = "see the revisions: pgwright migrate history"
    if any(part in words.lower() for part in _NO_TARGET):
        return RevisionError(words, detail="nothing was run", hint=hint)
    return MigrationError(words, detail="Alembic or env.py refuses", hint=hint)


def _config(order: Order, buffer: io.StringIO | None = None) -> Config:
    given: dict[str, Any] = {} if buffer is None else {"output_buffer": buffer}
    config = Config(str(order.options["ini"]), **given)
    section = config.config_ini_section
    if config.file_config.get(section, "sqlalchemy.url", raw=True, fallback="").startswith(_PLACEHOLDER):
        # Only the driver counts: `Directing` leads the connection to its database.
        config.set_main_option("sqlalchemy.url", "postgresql+psycopg://")
    config.cmd_opts = Namespace(x=list(order.options.get("x", ())) or None, config=order.options["ini"])
    return config


def _quieten() -> None:
    """Keep from the log what pgwright tells itself; filters outlive the logging of env.py."""
    for name in ("alembic.runtime.migration", "alembic.runtime.plugins"):
        logging.getLogger(name).addFilter(lambda record: record.levelno >= logging.WARNING)


_quieten()
sys.argv = ["alembic"]
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
