"""Run checks over one connection: none stops another, none waits long, none changes anything."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pgwright.checks.check import Check, Row, Situation
from pgwright.checks.registry import CHECKS, check
from pgwright.errors import ConnectError, PgwrightError
from pgwright.model.finding import Finding, Severity
from pgwright.pg.capabilities import capabilities
from pgwright.pg.connect import connect

if TYPE_CHECKING:
    import psycopg

    from pgwright.config import Project

STATEMENT_TIMEOUT = 5.0  # seconds
LOCK_TIMEOUT = 0.05

_SEES_ALL = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"


@dataclass(frozen=True, kw_only=True)
class Report:
    """Hold what the checks found, the gravest first, and which of them ran.

    `ignored` are the findings that the project's ignore list leaves out.
    """

    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    ignored: tuple[Finding, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """Return the gravest severity found, None without findings."""
        return self.findings[0].severity if self.findings else None


def run_checks(
    target: str | psycopg.Connection[Any],
    project: Project | None = None,
    *,
    url: str | None = None,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    slow: bool = True,
    budget: float | None = None,
) -> Report:
    """Run the checks on the database that `target` names or is connected to.

    `only` and `skip` are ids of checks; `slow` False leaves out those that take seconds, unless `only` names
    them. `budget` is in seconds: checks that have not begun by then are reported as skipped. `url` says where
    a given connection leads, for checks that need a second one. The queries are read-only and end after 5 s,
    or 50 ms of waiting for a lock.

    Raises `UsageError` for an unknown id, `ConfigError` for malformed connection text, and
    `UnsupportedServerError`; a server that cannot be reached is a finding when `target` is a URL.
    """
    wanted = choose(only=only, skip=skip, slow=slow)
    with ExitStack() as stack:
        if isinstance(target, str):
            from pgwright.checks.server_unreachable import unreachable  # noqa: PLC0415

            try:
                conn = stack.enter_context(
                    connect(
                        target,
                        autocommit=True,
                        statement_timeout=STATEMENT_TIMEOUT,
                        lock_timeout=LOCK_TIMEOUT,
                    )
                )
            except ConnectError as error:
                return _report(*_without_server(unreachable(error), wanted, project), project)
            url = target
        else:
            conn = target
            _limit(conn, stack)
        return examine(situation_of(conn, project, url=url or ""), wanted, budget=budget)


def _without_server(
    finding: Finding, wanted: Iterable[Check], project: Project | None
) -> tuple[Sequence[Finding], Sequence[str]]:
    """Return the findings, and the checks that ran, where no server answers: services need none."""
    if project is None or not project.services or "service_unreachable" not in {c.id for c in wanted}:
        return [finding], ["server_unreachable"]
    from pgwright.checks.service_unreachable import unreachable_services  # noqa: PLC0415

    return [finding, *unreachable_services(project)], ["server_unreachable", "service_unreachable"]


def choose(*, only: Collection[str] = (), skip: Collection[str] = (), slow: bool = True) -> tuple[Check, ...]:
    """Return the checks to run, as `run_checks` understands its arguments. Raises `UsageError`."""
    chosen = [check(id) for id in only or CHECKS]
    left_out = {check(id).id for id in skip}
    return tuple(c for c in chosen if c.id not in left_out and (slow or only or not c.slow))


def _limit(conn: psycopg.Connection[Any], stack: ExitStack) -> None:
    """Give a connection of the caller's the limits of the checks while they run."""
    from pgwright.pg.session import settings  # noqa: PLC0415

    limits = {
        "statement_timeout": f"{STATEMENT_TIMEOUT * 1000:.0f}ms",
        "lock_timeout": f"{LOCK_TIMEOUT * 1000:.0f}ms",
    }
    stack.enter_context(settings(conn, **limits))


def situation_of(conn: psycopg.Connection[Any], project: Project | None, *, url: str) -> Situation:
    """Return what checks are told about the database that `conn` and `url` lead to."""
    row = conn.execute(_SEES_ALL).fetchone()
    return Situation(
        server=capabilities(conn),
        url=url,
        conn=conn,
        project=project,
        sees_all=bool(row and row[0]),
        today=datetime.now(UTC).date(),
    )


def examine(situation: Situation, wanted: Iterable[Check], *, budget: float | None = None) -> Report:
    """Run checks over the situation's connection, whose timeouts are the caller's affair."""
    findings: list[Finding] = []
    ran: list[str] = []
    deadline = None if budget is None else time.monotonic() + budget
    for one in wanted:
        if deadline is not None and time.monotonic() > deadline:
            findings.append(
                one.skipped(
                    situation.server.database,
                    f"no time left of {budget:g} s",
                    hint=f"run: pgwright doctor --only {one.id}",
                )
            )
            continue
        found = list(_evaluated(one, situation))
        ran.append(one.id)
        findings.extend(found)
    return _report(findings, ran, situation.project)


def _evaluated(one: Check, situation: Situation) -> Iterable[Finding]:
    """Return what a check finds, or a SKIPPED finding for whatever kept it from looking."""
    import psycopg  # noqa: PLC0415

    database = situation.server.database
    try:
        if not one.applies(situation):
            return ()
        found = list(one.evaluate(_rows(one, situation), situation))
    except PgwrightError as error:
        return (one.skipped(database, error.message, hint=error.hint),)
    except psycopg.errors.QueryCanceled:
        return (one.skipped(database, f"its query takes longer than {STATEMENT_TIMEOUT:g} s"),)
    except psycopg.Error as error:
        from pgwright.pg.statements import statement_error  # noqa: PLC0415

        explained = statement_error(error, conn=situation.conn)
        return (one.skipped(database, explained.message, hint=explained.hint),)
    except Exception as error:
        # A fault of one check must not hide what the others see; the report names it.
        return (
            one.skipped(
                database, f"{type(error).__name__} in the check itself", hint="report this to pgwright"
            ),
        )
    if one.requires and not situation.sees_all:
        role = situation.server.user
        grants = ", ".join(one.requires)
        found.append(
            one.skipped(
                database,
                f"needs GRANT {grants} TO {role} (without it only {role}'s own sessions are seen)",
                hint=f"as a superuser: GRANT {grants} TO {_quoted(role)};",
            )
        )
    return found


def _rows(one: Check, situation: Situation) -> Sequence[Row]:
    if one.query is None:
        return ()
    from pgwright.observe.fetch import fetch  # noqa: PLC0415

    package, colon, name = one.query.partition(":")
    conn = situation.conn
    if not colon:
        package, name = __package__, one.query
    if conn.autocommit:
        return fetch(conn, package, name)
    # A caller's transaction must survive a query that fails.
    with conn.transaction():
        return fetch(conn, package, name)


def _quoted(role: str) -> str:
    from pgwright.checks.wording import quoted  # noqa: PLC0415

    return quoted(role)


def _report(findings: Iterable[Finding], ran: Sequence[str], project: Project | None) -> Report:
    patterns = project.ignore if project is not None else ()
    kept: list[Finding] = []
    ignored: list[Finding] = []
    for finding in findings:
        (ignored if is_ignored(finding, patterns) else kept).append(finding)
    # Stable: within one severity the order of the registry stays.
    kept.sort(key=lambda finding: finding.severity.rank)
    return Report(findings=tuple(kept), checked=tuple(ran), ignored=tuple(ignored))


def is_ignored(finding: Finding, patterns: Iterable[str]) -> bool:
    """Tell whether an ignore list names the finding: ``check:subject`` or ``check``, with wildcards."""
    return any(fnmatchcase(finding.key if ":" in pattern else finding.check, pattern) for pattern in patterns)
