"""What to look at before a database is copied: each point that can be checked, with its mend."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from pgwright.errors import CopyFailed, TargetNotEmpty
from pgwright.model.finding import Finding, Severity
from pgwright.pg.connect import connect
from pgwright.pg.extensions import package_for
from pgwright.pg.sqlfiles import load_sql
from pgwright.pg.timescale import TIMESCALE
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.existing import require_empty

_ROOM = 1.2  # times the source's size: indexes are built beside what they sort
_ENOUGH_MEMORY_MB = 256
_SHOWN = 5
_EMPTY = "target"
_EMPTINESS = f"copy_{_EMPTY}"


def checklist(source: str, target: str, choice: Choice, *, jobs: int) -> tuple[Finding, ...]:
    """Look at both sides of a copy before it is made, and change nothing.

    Findings are critical where the copy would fail, warnings where it would not be what it should, and
    skipped where nothing can be seen from here. Raises the errors of `connect`.
    """
    with connect(source, autocommit=True) as a, connect(target, autocommit=True) as b:
        old, new = _facts(a), _facts(b)
        found = [
            *_places(old, new),
            *_versions(old, new),
            *_extensions(old, new, choice),
            *_text(old, new),
            *_roles(old, new, choice),
            *_privileges(old, new, choice),
            *_space(old, new, b, choice),
            *_settings(old, new, jobs),
            *_emptiness(b, choice),
        ]
    return tuple(sorted(found, key=lambda finding: (finding.severity.rank, finding.key)))


def require_possible(source: str, target: str, choice: Choice, *, jobs: int) -> None:
    """Raise `CopyFailed` where something critical stands in the way of a copy, before anything is made.

    A target that is not empty is left to the copy, which knows whether it holds an unfinished one.
    """
    found = checklist(source, target, choice, jobs=jobs)
    critical = [f for f in found if f.severity is Severity.CRITICAL and f.check != _EMPTINESS]
    if critical:
        first, *others = critical
        more = "".join(f"; {finding.message}" for finding in others)
        raise CopyFailed(first.message, detail=f"nothing was made{more}", hint=first.hint)


def _facts(conn: Connection[Any]) -> SimpleNamespace:
    text = load_sql("pgwright.transfer.copy", "checklist", conn.info.server_version // 10000)
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(text.encode()).fetchone()
    assert row is not None
    return SimpleNamespace(**row, user=conn.info.user, major=row["version_num"] // 10000)


def _finding(check: str, severity: Severity, subject: str, message: str, hint: str) -> Finding:
    return Finding(check=f"copy_{check}", severity=severity, subject=subject, message=message, hint=hint)


def _places(old: SimpleNamespace, new: SimpleNamespace) -> Iterator[Finding]:
    if new.recovery or new.read_only:
        what = "a standby" if new.recovery else "read-only (default_transaction_read_only)"
        yield _finding(
            "read_only",
            Severity.CRITICAL,
            "target",
            f"the target is {what}",
            "name the primary, or set it off",
        )
    if old.recovery:
        yield _finding(
            "standby",
            Severity.CRITICAL,
            "source",
            "the source is a standby, whose snapshot cannot be shared between sessions",
            "copy from the primary; --rate keeps it free for others",
        )


def _versions(old: SimpleNamespace, new: SimpleNamespace) -> Iterator[Finding]:
    if new.major < old.major:
        yield _finding(
            "version",
            Severity.WARNING,
            "target",
            f"the target is older: PostgreSQL {new.major}, the source is {old.major}",
            f"what only {old.major} knows cannot be made there; use a target of {old.major} or later",
        )


def _extensions(old: SimpleNamespace, new: SimpleNamespace, choice: Choice) -> Iterator[Finding]:
    if choice.what == "data":
        return
    for name, version in sorted(old.installed.items()):
        if name == TIMESCALE and (choice.partial or choice.what == "schema"):
            continue  # hypertables come as plain tables
        offered = new.installed.get(name) or new.available.get(name)
        if offered is None:
            yield _finding(
                "extension",
                Severity.CRITICAL,
                name,
                f"the target's server does not have the extension {name}",
                f"install {package_for(name, new.major)} on its machine, or drop the extension at the source",
            )
        elif offered != version and name == TIMESCALE:
            yield _finding(
                "extension",
                Severity.CRITICAL,
                name,
                f"timescaledb must be the same: {version} here, {offered} there",
                f"at the source: ALTER EXTENSION timescaledb UPDATE TO '{offered}'",
            )
        elif _numbers(offered) < _numbers(version):
            yield _finding(
                "extension",
                Severity.WARNING,
                name,
                f"{name} is older at the target ({offered}, not {version}): something used may be missing",
                f'at the target: ALTER EXTENSION "{name}" UPDATE'
                if _numbers(new.available.get(name, "")) > _numbers(offered)
                else f"install a later one there; it comes with {package_for(name, new.major)}",
            )


def _numbers(version: str) -> list[int]:
    """Return what can be ordered of an extension's version."""
    return [int(number) for number in re.findall(r"\d+", version)]


def _text(old: SimpleNamespace, new: SimpleNamespace) -> Iterator[Finding]:
    if old.encoding != new.encoding:
        yield _finding(
            "encoding",
            Severity.WARNING if new.encoding == "UTF8" else Severity.CRITICAL,
            "target",
            f"the encodings differ: {old.encoding} here, {new.encoding} there",
            f"make the target again: CREATE DATABASE … ENCODING '{old.encoding}' TEMPLATE template0"
            if new.encoding != "UTF8"
            else "nothing to do where all text is valid; the copy stops at the first that is not",
        )
    if (old.lc_collate, old.lc_ctype) != (new.lc_collate, new.lc_ctype):
        yield _finding(
            "collation",
            Severity.WARNING,
            "target",
            f"texts sort differently: collation {old.lc_collate} here, {new.lc_collate} there",
            f"make the target again: CREATE DATABASE … LOCALE '{old.lc_collate}' TEMPLATE template0",
        )


def _roles(old: SimpleNamespace, new: SimpleNamespace, choice: Choice) -> Iterator[Finding]:
    missing = sorted(set(old.used_roles) - set(new.roles))
    if choice.what == "data" or not (choice.owners or choice.privileges):
        return
    for role in missing:
        yield _finding(
            "role",
            # What is left out may be all that needs it.
            Severity.WARNING if choice.partial else Severity.CRITICAL,
            role,
            f"the target's server has no role {role}, which owns something or has privileges",
            f'run there: CREATE ROLE "{role}"; or copy with --no-owner --no-privileges',
        )


def _privileges(old: SimpleNamespace, new: SimpleNamespace, choice: Choice) -> Iterator[Finding]:
    for check, names, message, hint in (
        (
            "privilege",
            old.unreadable,
            f"{old.user} may not read all of the source",
            f"grant it there, for example: GRANT pg_read_all_data TO {old.user}",
        ),
        (
            "row_security",
            old.guarded,
            f"row policies hide rows of the source from {old.user}",
            f"run there as superuser: ALTER ROLE {old.user} BYPASSRLS",
        ),
    ):
        if names and choice.what != "schema":
            # Of what is left out nobody needs to read anything.
            severity = Severity.WARNING if choice.partial else Severity.CRITICAL
            yield _finding(check, severity, "source", f"{message}: {_some(names)}", hint)
    if not new.can_create and choice.what != "data":
        yield _finding(
            "privilege",
            Severity.CRITICAL,
            "target",
            f"{new.user} may not create schemas in the target",
            f"run there as its owner: GRANT CREATE ON DATABASE … TO {new.user}",
        )
    if not new.superuser and choice.owners and choice.what != "data":
        yield _finding(
            "owner",
            Severity.WARNING,
            "target",
            f"{new.user} is no superuser of the target: giving objects to other owners may be refused",
            "make it a member of those roles, or copy with --no-owner",
        )


def _space(
    old: SimpleNamespace, new: SimpleNamespace, conn: Connection[Any], choice: Choice
) -> Iterator[Finding]:
    if choice.what == "schema":
        return
    needed = old.size * _ROOM
    wanted = f"the copy needs about {needed / (1 << 30):.1f} GB"
    folder = Path(new.data_directory) if new.data_directory and _is_here(conn) else None
    try:
        free = shutil.disk_usage(folder).free if folder is not None else None
    except OSError:
        free = None
    if free is None:
        yield _finding(
            "space",
            Severity.SKIPPED,
            "target",
            f"free space on the target's machine cannot be seen from here; {wanted}",
            "look there: df -h",
        )
    elif free < needed:
        yield _finding(
            "space",
            Severity.WARNING if choice.partial else Severity.CRITICAL,
            "target",
            f"{wanted}, and {free / (1 << 30):.1f} GB are free there",
            "free space, or choose tables with --include and --exclude",
        )


def _is_here(conn: Connection[Any]) -> bool:
    return conn.info.host.startswith("/") or conn.info.hostaddr in ("127.0.0.1", "::1")


def _settings(old: SimpleNamespace, new: SimpleNamespace, jobs: int) -> Iterator[Finding]:
    for side, facts, needed in (("source", old, jobs + 5), ("target", new, 2 * jobs + 5)):
        if facts.connections_left < needed:
            yield _finding(
                "connections",
                Severity.CRITICAL,
                side,
                f"the {side} has {max(0, facts.connections_left)} connections left, and {needed} are needed",
                "close idle sessions, raise max_connections, or copy with a smaller --jobs",
            )
    if new.maintenance_mb < _ENOUGH_MEMORY_MB:
        yield _finding(
            "memory",
            Severity.INFO,
            "target",
            f"maintenance_work_mem is {new.maintenance_mb} MB: large indexes are built faster with more",
            f"run there: ALTER DATABASE … SET maintenance_work_mem = '{_ENOUGH_MEMORY_MB}MB'",
        )
    if old.wal_level != "logical":
        yield _finding(
            "wal_level",
            Severity.INFO,
            "source",
            f"wal_level is {old.wal_level}: changes made after the copy cannot be replicated",
            "where that is wanted: ALTER SYSTEM SET wal_level = logical, then restart",
        )


def _emptiness(conn: Connection[Any], choice: Choice) -> Iterator[Finding]:
    if choice.what == "data" or choice.existing:
        return
    try:
        require_empty(conn)
    except TargetNotEmpty as error:
        message = f"{error.message}: {error.detail}"
        yield _finding(_EMPTY, Severity.CRITICAL, "target", message, str(error.hint))


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
