"""`pgwright inspect`: look, without judging."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import group, pass_invocation
from pgwright.cli.inspect.timeseries import chunks, hypertables
from pgwright.cli.output import cell_text, duration, size
from pgwright.model.wording import counted

if TYPE_CHECKING:
    import psycopg

_TIMEOUT = 30.0  # seconds for a statement
_LOCK_TIMEOUT = 0.05
_QUERY_WIDTH = 60

Column = tuple[str, Callable[[Any], Any]]


@group("inspect")
def command() -> None:
    """Look into the database: sizes, use, sessions, locks, settings.

    Nothing is judged here, and nothing changed; what is wrong, pgwright doctor says.

    Example: pgwright inspect tables --sort rows
    """


for below in (hypertables, chunks):
    command.add_command(below)


def listing(*keys: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --limit and --sort; the first of `keys` is the default order."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        function = click.option(
            "--limit",
            type=click.IntRange(min=0),
            default=20,
            show_default=True,
            help="Show so many; 0 shows all.",
        )(function)
        if keys:
            function = click.option(
                "--sort", type=click.Choice(keys), default=keys[0], show_default=True, help="Order by this."
            )(function)
        return function

    return decorate


@command.command("database")
@pass_invocation
def database(invocation: Invocation) -> None:
    """Show the database and its server: size, connections, transactions, cache.

    Example: pgwright inspect database
    """
    from pgwright.observe.overview import overview  # noqa: PLC0415
    from pgwright.observe.slots import slots  # noqa: PLC0415

    with _connect(invocation) as conn:
        found, held = overview(conn), slots(conn)
        version = conn.info.server_version
    out = invocation.output
    hit = None if found.cache_hit is None else f"{found.cache_hit:.2%}"
    available = found.max_connections - found.reserved_connections

    def render() -> None:
        for title, text in (
            ("database", found.database),
            ("size", size(found.size_bytes)),
            ("server", f"PostgreSQL {version // 10000}.{version % 10000}"),
            ("started", cell_text(found.started_at)),
            ("kind", "standby" if found.in_recovery else "primary"),
            ("role", found.role),
            ("TLS", found.tls or "no"),
            ("connections", f"{found.connections} of {available}, {found.connections_here} to this database"),
            ("active", found.active),
            ("idle in transaction", found.idle_in_transaction),
            ("waiting for locks", found.waiting),
            ("oldest transaction", duration(found.oldest_transaction_seconds) or "none"),
            ("cache hit", hit or "nothing read yet"),
            ("commits, rollbacks", f"{found.commits:,}, {found.rollbacks:,}"),
            ("deadlocks", found.deadlocks),
            ("temporary files", size(found.temp_bytes)),
            ("transaction id age", f"{found.xid_age:,} (freezing forced at {found.xid_limit:,})"),
            ("multixact age", f"{found.multixact_age:,} (freezing forced at {found.multixact_limit:,})"),
        ):
            out.line(f"{title.ljust(20)}{text}")
        if not found.sees_all:
            out.remark(f"other roles' sessions are hidden: GRANT pg_monitor TO {found.role}")
        if held:
            out.line()
            out.table(
                ("slot", "type", "active", "keeps", "status"),
                [(s.name, s.type, s.active, size(s.retained_bytes), s.wal_status) for s in held],
            )

    out.result({"overview": found, "slots": held}, render)


@command.command("tables")
@listing("size", "rows", "dead", "name", "analyzed")
@click.option("--partitions", is_flag=True, help="Show partitions one by one as well.")
@pass_invocation
def tables(invocation: Invocation, limit: int, sort: str, partitions: bool) -> None:
    """Show tables with sizes, rows and upkeep; a partitioned table sums its partitions.

    Example: pgwright inspect tables --sort rows --limit 5
    """
    from pgwright.observe.tables import tables as read  # noqa: PLC0415

    with _connect(invocation) as conn:
        found = read(conn, partitions=partitions)
    ordered = {
        "size": lambda t: -t.total_bytes,
        "rows": lambda t: -(t.estimated_rows or 0),
        "dead": lambda t: -(t.dead_rows or 0),
        "name": lambda t: t.path,
        # never analyzed comes first
        "analyzed": lambda t: t.last_analyze.timestamp() if t.last_analyze else 0.0,
    }
    columns: Sequence[Column] = (
        ("table", lambda t: t.path + (f" ({counted(t.partitions, 'partition')})" if t.partitions else "")),
        ("total", lambda t: size(t.total_bytes)),
        ("table only", lambda t: size(t.table_bytes)),
        ("indexes", lambda t: size(t.index_bytes)),
        ("toast", lambda t: size(t.toast_bytes)),
        ("rows", lambda t: t.estimated_rows),
        ("dead", lambda t: t.dead_rows),
        ("vacuumed", lambda t: _day(t.last_vacuum)),
        ("analyzed", lambda t: _day(t.last_analyze)),
    )
    _print(invocation, sorted(found, key=ordered[sort]), columns, limit, empty="no tables in this database")


@command.command("indexes")
@listing("size", "scans", "name", "table")
@click.option("--unused", is_flag=True, help="Only those that no query has used.")
@pass_invocation
def indexes(invocation: Invocation, limit: int, sort: str, unused: bool) -> None:
    """Show indexes with size and use, as counted on this server since its statistics began.

    Example: pgwright inspect indexes --unused
    """
    from pgwright.observe.indexes import indexes as read  # noqa: PLC0415

    with _connect(invocation) as conn:
        found = read(conn)
    if unused:
        found = tuple(i for i in found if not i.scans and not i.is_unique and i.constraint is None)
    ordered = {
        "size": lambda i: (-i.size_bytes, i.path),
        "scans": lambda i: (i.scans or 0, -i.size_bytes),
        "name": lambda i: i.path,
        "table": lambda i: (i.schema, i.table, i.name),
    }
    columns: Sequence[Column] = (
        ("index", lambda i: i.path),
        ("table", lambda i: i.table),
        ("size", lambda i: size(i.size_bytes)),
        ("scans", lambda i: i.scans),
        ("read", lambda i: i.tuples_read),
        ("fetched", lambda i: i.tuples_fetched),
        ("kind", lambda i: "primary" if i.is_primary else "unique" if i.is_unique else ""),
        ("valid", lambda i: "" if i.valid else "INVALID"),
        ("definition", lambda i: i.definition.partition(" USING ")[2]),
    )
    empty = "every index is used or serves a constraint" if unused else "no indexes in this database"
    _print(invocation, sorted(found, key=ordered[sort]), columns, limit, empty=empty)


@command.command("activity")
@listing("transaction", "query", "state", "pid")
@click.option("--background", is_flag=True, help="Show the server's own processes as well.")
@click.option(
    "--longer", type=float, metavar="SECONDS", help="Only transactions and statements that run longer."
)
@pass_invocation
def activity(invocation: Invocation, limit: int, sort: str, background: bool, longer: float | None) -> None:
    """Show who is connected, what they do, and for how long.

    Example: pgwright inspect activity --longer 60
    """
    from pgwright.observe.activity import activity as read  # noqa: PLC0415

    with _connect(invocation) as conn:
        found = read(conn, background=background)
    if longer is not None:
        found = tuple(s for s in found if max(s.transaction_seconds or 0, s.query_seconds or 0) > longer)
    ordered = {
        "transaction": lambda s: -(s.transaction_seconds or -1.0),
        "query": lambda s: -(s.query_seconds or -1.0),
        "state": lambda s: (s.state or "~", -(s.state_seconds or 0.0)),
        "pid": lambda s: s.pid,
    }
    columns: Sequence[Column] = (
        ("pid", lambda s: str(s.pid)),
        ("role", lambda s: s.role or s.kind),
        ("database", lambda s: s.database),
        ("application", lambda s: s.application),
        ("client", lambda s: s.client),
        ("state", lambda s: s.state),
        ("since", lambda s: duration(s.state_seconds)),
        ("transaction", lambda s: duration(s.transaction_seconds)),
        ("waits for", lambda s: f"pids {s.blocked_by}" if s.blocked_by else s.wait),
        ("query", lambda s: _short(s.query)),
    )
    empty = "nothing runs longer than that" if longer is not None else "nobody else is connected"
    _print(invocation, sorted(found, key=ordered[sort]), columns, limit, empty=empty)


@command.command("locks")
@pass_invocation
def locks(invocation: Invocation) -> None:
    """Show who blocks whom: each root, and below it the sessions that wait for it.

    Example: pgwright inspect locks
    """
    from pgwright.observe.locks import locks as read  # noqa: PLC0415

    with _connect(invocation) as conn:
        found = read(conn)
    columns: Sequence[Column] = (
        ("pid", lambda s: "  " * s.depth + str(s.pid)),
        ("role", lambda s: s.role),
        ("application", lambda s: s.application),
        ("state", lambda s: s.state),
        ("since", lambda s: duration(s.state_seconds)),
        ("waits for", lambda s: f"{s.waits_for} on {s.relation or 'a row'}" if s.waits_for else ""),
        ("blocks", lambda s: s.victims or None),
        ("query", lambda s: _short(s.query)),
    )
    _print(invocation, found, columns, 0, empty="nobody waits for a lock")
    if not invocation.json:
        for root in (s for s in found if s.root and s.pid):
            invocation.output.remark(f"to end pid {root.pid}: SELECT pg_terminate_backend({root.pid});")


@command.command("settings")
@click.option("--all", "everything", is_flag=True, help="Show those that nobody changed as well.")
@click.option("--name", metavar="PATTERN", help="Only names that match: *vacuum*")
@pass_invocation
def settings(invocation: Invocation, everything: bool, name: str | None) -> None:
    """Show the settings that were changed, who set them, and which wait for a restart.

    Example: pgwright inspect settings --all --name '*timeout'
    """
    from fnmatch import fnmatchcase  # noqa: PLC0415

    from pgwright.observe.settings import settings as read  # noqa: PLC0415

    with _connect(invocation) as conn:
        found = read(conn, everything=everything)
    if name is not None:
        found = tuple(s for s in found if fnmatchcase(s.name, name))
    columns: Sequence[Column] = (
        ("name", lambda s: s.name),
        ("value", lambda s: _with_unit(s.value, s.unit)),
        ("default", lambda s: _with_unit(s.default_value, s.unit)),
        ("set by", lambda s: s.file or s.source),
        ("takes effect", lambda s: "waits for a restart" if s.pending_restart else _effect(s.context)),
    )
    empty = "no setting matches" if name else "every setting has its default"
    _print(invocation, found, columns, 0, empty=empty)


@command.command("extensions")
@click.option("--available", is_flag=True, help="Show those that could be created as well.")
@pass_invocation
def extensions(invocation: Invocation, available: bool) -> None:
    """Show the extensions of the database with their versions.

    Example: pgwright inspect extensions --available
    """
    from pgwright.observe.extensions import extensions as read  # noqa: PLC0415

    with _connect(invocation) as conn:
        found = read(conn, available=available)
    columns: Sequence[Column] = (
        ("extension", lambda e: e.name),
        ("installed", lambda e: e.installed_version),
        ("available", lambda e: e.available_version),
        ("schema", lambda e: e.schema),
        ("what it is", lambda e: e.comment),
    )
    _print(invocation, found, columns, 0, empty="no extensions; see: pgwright inspect extensions --available")


def _connect(invocation: Invocation) -> psycopg.Connection[tuple[Any, ...]]:
    return invocation.connect(autocommit=True, statement_timeout=_TIMEOUT, lock_timeout=_LOCK_TIMEOUT)


def _print(
    invocation: Invocation, found: Iterable[Any], columns: Sequence[Column], limit: int, *, empty: str
) -> None:
    rows, out = list(found), invocation.output
    shown = rows[:limit] if limit else rows

    def render() -> None:
        if not rows:
            out.line(empty)
            return
        out.table([name for name, _ in columns], [[cell(row) for _, cell in columns] for row in shown])
        if len(shown) < len(rows):
            out.remark(f"{len(rows) - len(shown)} more; show all with --limit 0")

    out.result(shown, render)


def _short(query: str | None) -> str:
    text = " ".join((query or "").split())
    return text if len(text) <= _QUERY_WIDTH else text[: _QUERY_WIDTH - 1] + "…"


def _day(moment: Any) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _with_unit(value: str | None, unit: str | None) -> str:
    if value is None or unit is None:
        return value or ""
    return f"{value} x {unit}" if unit[0].isdigit() else f"{value} {unit}"


def _effect(context: str) -> str:
    return {"postmaster": "at a restart", "sighup": "at a reload"}.get(context, "per session or reload")
