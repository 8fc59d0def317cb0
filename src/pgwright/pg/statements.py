"""Why the server refused a statement, and what mends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pgwright.errors import (
    ConnectError,
    ExtensionMissingError,
    LockTimeoutError,
    PgwrightError,
    PrivilegeError,
    StatementError,
)
from pgwright.pg.extensions import PRELOADED, created_extension, extension_of, package_for
from pgwright.pg.privileges import grant_for
from pgwright.pg.redact import redact

if TYPE_CHECKING:
    import psycopg

    from pgwright.pg.blocking import Blocker

_LONGEST_SHOWN = 200

_ENUM = (
    "keep the type and add what is missing: ALTER TYPE {name} ADD VALUE IF NOT EXISTS 'value'; "
    "never drop it with CASCADE, that drops every column of the type"
)

_IN_FUNCTION = re.compile(r"(?:SQL|PL/\w+) function \"?(?P<name>[^\s\"(]+)")
_UNQUALIFIED = re.compile(r"(?:function |relation \"|type \")[^.\s\"(]+[\"(]")

# Hints for states whose own message leaves the reader without a next step.
_HINTS = MappingProxyType(
    {
        "22P02": "a value does not read as its column's type; the message quotes it",
        "23502": "give the column a value or a default",
        "23503": "load the referenced table first; the detail names the key that has no parent",
        "23505": "the detail names the key; to update instead of insert use ON CONFLICT (...) DO UPDATE",
        "23514": "correct the row that the detail shows, or the constraint",
        "25006": "a standby or a read-only session: connect to the primary (target_session_attrs=primary)",
        "25P02": "an earlier statement of this transaction failed: roll back and look at the first error",
        "28000": "see which roles you may take on: SELECT pg_has_role(current_user, 'role', 'MEMBER')",
        "3F000": "create the schema first, or set search_path",
        "40001": "another transaction changed the same rows: run this one again",
        "40P01": "the server ended this transaction to break a circle of waits: run it again",
        "42601": "the server stopped reading where the message points",
        "42703": "compare the live table with the models: pgwright schema diff",
        "42P01": "apply pending migrations, or set search_path: pgwright status",
        "42P07": "the table exists already: compare it with the models: pgwright schema diff",
        "53100": "free space on the server's disk before anything else, then run it again",
        "53200": "lower work_mem for this session, or split the work",
        "53300": "close idle sessions or raise max_connections: pgwright inspect activity",
        "55006": "end the sessions that use it: pgwright inspect activity",
        "57014": "raise statement_timeout, or see what the statement waited for: pgwright inspect activity",
        "57P01": "the server was stopped or this session ended by an administrator: run it again",
    }
)


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    """Carry what the server said about a statement; `state` is the SQLSTATE, `context` what ran it."""

    state: str
    said: str
    sql: str
    detail: str
    server_hint: str | None
    context: str
    user: str | None
    major: int | None
    blockers: Sequence[Blocker]


def statement_error(
    exc: psycopg.Error,
    sql: str = "",
    *,
    conn: psycopg.Connection[Any] | None = None,
    blockers: Sequence[Blocker] = (),
    left: str = "the statement had no effect",
) -> PgwrightError:
    """Return the error that explains why the server refused `sql`, not yet raised.

    `conn` adds the role and the server's version to hints; `blockers` come from `watch_blockers`; `left`
    says what state things are in. SQLSTATE, detail and hint of the server are kept. Passwords in the
    statement are masked. A lost connection gives `ConnectError`.
    """
    refusal = _read(exc, sql, conn, blockers, left)
    if not refusal.state:
        return ConnectError(
            "the connection was lost"
            if conn is None or conn.closed or conn.broken
            else redact(str(exc).strip()),
            detail=f"{redact(str(exc).strip())}; {left} unless the server had already committed it",
            hint="check that the server is up, then run the command again: pgwright status",
        )
    return _BY_STATE.get(refusal.state, _plain)(refusal)


def _read(
    exc: psycopg.Error,
    sql: str,
    conn: psycopg.Connection[Any] | None,
    blockers: Sequence[Blocker],
    left: str,
) -> _Refusal:
    diag = exc.diag
    shown = " ".join(redact(sql).split())
    if len(shown) > _LONGEST_SHOWN:
        shown = shown[: _LONGEST_SHOWN - 3] + "..."
    parts = (
        diag.message_detail,
        f"SQLSTATE {exc.sqlstate}",
        f"statement: {shown}" if shown else None,
        left,
    )
    info = conn.info if conn is not None and not conn.closed else None
    return _Refusal(
        state=exc.sqlstate or "",
        said=redact(diag.message_primary or str(exc).strip()),
        sql=sql,
        detail=redact("; ".join(part.rstrip(".") for part in parts if part)),
        server_hint=redact(diag.message_hint) if diag.message_hint else None,
        context=redact(diag.context or ""),
        user=info.user if info else None,
        major=info.server_version // 10000 if info else None,
        blockers=blockers,
    )


def _plain(refusal: _Refusal) -> PgwrightError:
    hint = refusal.server_hint or _HINTS.get(refusal.state)
    return StatementError(refusal.said, detail=refusal.detail, hint=hint)


def _privilege(refusal: _Refusal) -> PgwrightError:
    hint = grant_for(refusal.said, refusal.sql, refusal.user) or refusal.server_hint
    return PrivilegeError(refusal.said, detail=refusal.detail, hint=hint)


def _lock(refusal: _Refusal) -> PgwrightError:
    if not refusal.blockers:
        return LockTimeoutError(
            refusal.said,
            detail=refusal.detail,
            hint="see who holds the lock: pgwright inspect locks; then run the command again",
        )
    root = refusal.blockers[-1]
    who = ", ".join(str(blocker) for blocker in refusal.blockers)
    return LockTimeoutError(
        refusal.said,
        detail=f"blocked by {who}; {refusal.detail}",
        hint=f"wait for pid {root.pid} or end it: SELECT pg_terminate_backend({root.pid}); then run again",
    )


def _extension(refusal: _Refusal) -> PgwrightError:
    name = created_extension(refusal.sql)
    if name is None:
        return _plain(refusal)
    package = package_for(name, refusal.major)
    preload = f"; add {name} to shared_preload_libraries and restart the server" if name in PRELOADED else ""
    return ExtensionMissingError(
        f"the server has no extension {name}",
        detail=f"{refusal.said}; {refusal.detail}",
        hint=f"on the server's machine install {package}{preload}; then run this again",
    )


def _unknown(refusal: _Refusal) -> PgwrightError:
    """Explain a missing function, type or relation that an extension would bring."""
    for word in re.findall(r"[\w.\"]+", refusal.said):
        if extension := extension_of(word):
            return ExtensionMissingError(
                f"{refusal.said} in this database: extension {extension} is not created",
                detail=refusal.detail,
                hint=f'run: CREATE EXTENSION IF NOT EXISTS "{extension}"; '
                f"if the server does not have it, install {package_for(extension, refusal.major)}",
            )
    function = _IN_FUNCTION.search(refusal.context)
    if function and _UNQUALIFIED.search(refusal.said):
        # Indexes are built, and materialized views filled, with nothing but pg_catalog on the search path.
        name = function["name"]
        return StatementError(
            refusal.said,
            detail=f"{name} names it without a schema, and nothing on the search path is called so; "
            f"{refusal.detail}",
            hint=f"write the schema before the name in the body of {name}, or give it a path of its own: "
            f"ALTER FUNCTION {name} SET search_path = ...",
        )
    return _plain(refusal)


def _duplicate(refusal: _Refusal) -> PgwrightError:
    match = re.match(r"\s*create\s+type\s+([\w.\"]+)", refusal.sql, re.IGNORECASE)
    if match is None:
        return _plain(refusal)
    return StatementError(refusal.said, detail=refusal.detail, hint=_ENUM.format(name=match[1]))


def _no_partition(refusal: _Refusal) -> PgwrightError:
    if not refusal.said.startswith("no partition of relation"):
        return _plain(refusal)
    return StatementError(
        refusal.said,
        detail=refusal.detail,
        hint="for a row of the future make partitions: pgwright policy run --task partitions; an old row's "
        "partition was retired: pgwright policy status",
    )


def _not_preloaded(refusal: _Refusal) -> PgwrightError:
    name = created_extension(refusal.sql)
    if name is None or "preload" not in refusal.said:
        return _plain(refusal)
    return ExtensionMissingError(
        f"extension {name} is installed but not loaded at server start",
        detail=f"{refusal.said}; {refusal.detail}",
        hint=f"add {name} to shared_preload_libraries, restart the server, then run this again",
    )


def _stood_on(refusal: _Refusal) -> PgwrightError:
    """Explain that something stands on what should go; the server's own hint, CASCADE, takes all of it."""
    return StatementError(
        refusal.said,
        detail=refusal.detail,
        hint="look at what the detail names, and drop it with a statement of your own if it may go",
    )


_BY_STATE: MappingProxyType[str, Callable[[_Refusal], PgwrightError]] = MappingProxyType(
    {
        "0A000": _extension,  # extension not available, from 13 on
        "58P01": _extension,  # the same before 13: its control file is undefined
        "23514": _no_partition,
        "2BP01": _stood_on,
        "42501": _privilege,
        "42704": _unknown,
        "42883": _unknown,
        "42P01": _unknown,
        "42710": _duplicate,
        "55P03": _lock,
        "55000": _not_preloaded,
        "F0000": _not_preloaded,
        "XX000": _not_preloaded,
    }
)
