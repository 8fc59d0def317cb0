"""The status screen: a line for each question that one has about a database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pgwright.cli.encode import plain
from pgwright.cli.findings import finding_facts, severities, show_briefly
from pgwright.cli.output import duration, size
from pgwright.errors import ConfigError
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.checks.status import Status
    from pgwright.cli.output import Output
    from pgwright.config import Project

_MOST = 5
_WIDTH = 14


def show_status(out: Output, status: Status, project: Project, *, name: str | None = None) -> None:
    """Print the screen of one database; `name` is its name in pgwright.toml."""
    place, environment = _place(project, name)
    out.line(f"{project.name}: {status.overview.database} at {place} ({environment})", style="bold")
    for title, text in (
        ("server", _server(status)),
        ("database", _database(status)),
        ("transactions", _transactions(status)),
        ("migrations", _migrations(status)),
        ("drift", _drift(status, project)),
        ("backups", _backups(status, project)),
        ("findings", _findings(status)),
    ):
        out.line(f"{title.ljust(_WIDTH)}{text}")
    show_briefly(out, [f for f in status.report.findings if f.severity != "skipped"], most=_MOST)


def status_facts(status: Status, project: Project, name: str | None = None) -> dict[str, Any]:
    """Return the screen as plain data."""
    place, environment = _place(project, name)
    state = status.migrations
    return {
        "project": project.name,
        "name": name,
        "place": place,
        "environment": environment,
        "server": {"version": status.server.version, "edition": status.server.edition},
        "timescaledb": status.server.timescaledb,
        "overview": plain(status.overview),
        "migrations": None
        if state is None
        else {
            "tool": state.tool,
            "tracked": state.tracked,
            "current": state.current,
            "heads": state.heads,
            "pending": [revision.id for revision in state.pending],
            "unknown": state.unknown,
            "applied": state.applied,
        },
        "migrations_problem": status.migrations_problem,
        "drift": status.drift,
        "backups": _backup_facts(status),
        "findings": finding_facts(status.report.findings),
        "checked": status.report.checked,
        "ignored": [finding.key for finding in status.report.ignored],
    }


def _place(project: Project, name: str | None) -> tuple[str, str]:
    from pgwright.pg import parse_address  # noqa: PLC0415

    try:
        database = project.database(name)
        return parse_address(database.url).place, database.environment
    except ConfigError:
        return "?", "?"


def _server(status: Status) -> str:
    server, now = status.server, status.overview
    up = (datetime.now(UTC) - now.started_at).total_seconds()
    parts = [
        f"{server.edition} {server.version}",
        *([f"TimescaleDB {server.timescaledb}"] if server.timescaledb else []),
        f"up {duration(up)}",
        "standby" if now.in_recovery else "primary",
        f"role {now.role}" + (" (superuser)" if server.is_superuser else ""),
        now.tls or "no TLS",
    ]
    return ", ".join(parts)


def _database(status: Status) -> str:
    now = status.overview
    hit = "" if now.cache_hit is None else f", cache hit {now.cache_hit:.1%}"
    available = now.max_connections - now.reserved_connections
    return (
        f"{size(now.size_bytes)}, {now.connections} of {available} connections "
        f"({now.connections_here} here, {now.active} active){hit}"
    )


def _transactions(status: Status) -> str:
    now = status.overview
    if now.oldest_transaction_seconds is None:
        oldest = "none open"
    else:
        oldest = f"oldest {duration(now.oldest_transaction_seconds)} (pid {now.oldest_transaction_pid})"
    waiting = f"{now.waiting} waiting for locks" if now.waiting else "nobody waits"
    seen = "" if now.sees_all else ", others' sessions hidden from this role"
    worst = max(now.xid_age, now.multixact_age) / 2**31
    return f"{oldest}, {waiting}{seen}; {worst:.0%} of the way to wraparound"


def _migrations(status: Status) -> str:
    state = status.migrations
    if state is None:
        return status.migrations_problem or "the project names none"
    if not state.tracked:
        return f"none on record, {len(state.pending)} pending"
    current = ", ".join(state.current) if state.tool == "alembic" else f"{state.applied} applied"
    if state.unknown:
        return f"{current or 'none'} on record, which no file here has"
    if not state.pending:
        return f"{current} (head), none pending" if state.tool == "alembic" else f"{current}, none pending"
    heads = f", head {', '.join(state.heads)}" if state.tool == "alembic" else ""
    return f"{current or 'none'}{heads}: {len(state.pending)} pending, next {state.pending[0].id}"


def _drift(status: Status, project: Project) -> str:
    if project.models is None:
        return "the project names no models"
    if status.drift is None:
        return "not checked; run: pgwright schema diff"
    return "none" if not status.drift else f"{status.drift} differences; run: pgwright schema diff"


def _backups(status: Status, project: Project) -> str:
    state = status.backups
    if state is None:
        return status.backups_problem or "none known"
    if state.newest is None:
        return f"none in {state.repository}; make one: pgwright backup create"
    text = f"newest {duration(state.age())} old ({size(state.newest.size)})"
    if late := state.late(project.backup):
        text += f", LATE: {' and '.join(late)} ones should be made daily at {project.backup.schedule}"
    if state.drill is None:
        return f"{text}, never restored; try it: pgwright backup drill"
    how = f"in {duration(state.drill.seconds)}" if state.drill.passed else "WITH PROBLEMS"
    return f"{text}, restored {duration(state.drill_age())} ago {how}"


def _backup_facts(status: Status) -> dict[str, Any] | None:
    state = status.backups
    if state is None:
        return None
    return {
        "repository": state.repository,
        "newest": state.newest and {"id": state.newest.id, "finished_at": plain(state.newest.finished_at)},
        "drill": state.drill and {**plain(state.drill), "passed": state.drill.passed},
        "damaged": state.damaged,
    }


def _findings(status: Status) -> str:
    report = status.report
    ignored = f", {len(report.ignored)} ignored" if report.ignored else ""
    more = "; all of them: pgwright doctor" if report.findings else ""
    return f"{severities(report.findings)} in {counted(len(report.checked), 'check')}{ignored}{more}"
