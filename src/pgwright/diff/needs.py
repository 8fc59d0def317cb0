"""What a plan needs of the server that it runs on, and of the role that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from pgwright.diff.build import roles_of
from pgwright.errors import ExtensionMissingError, PgwrightError, PrivilegeError, RolesMissing, StatementError
from pgwright.model.catalog import Catalog
from pgwright.model.plan import Plan
from pgwright.model.wording import shortened
from pgwright.pg.connect import connect
from pgwright.pg.extensions import package_for
from pgwright.pg.quoting import Name, render
from pgwright.pg.sqlfiles import load_sql

_RELATIONS = frozenset({"table", "view", "materialized_view", "sequence"})
# What somebody else than the owner may do, too.
_GRANTED = frozenset({"trigger", "grant"})


def lacking(conn: Connection[Any], plan: Plan, before: Catalog, after: Catalog) -> PgwrightError | None:
    """Return the error that a plan between the two ends in on this server, or None; nothing was done then."""
    # Not the catalogs' version: they may have been built anew on scratch.
    major = conn.info.server_version // 10000
    return read_only(conn) or _lacking_parts(conn, before, after, major) or _lacking_rights(conn, plan, major)


def read_only(conn: Connection[Any]) -> StatementError | None:
    """Return the error for a server or a session that takes no changes, or None."""
    found = conn.execute(
        "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'"
    ).fetchone()
    standby, closed = found or (False, False)
    if not (standby or closed):
        return None
    where = f"{conn.info.host}:{conn.info.port}"
    return StatementError(
        f"{where} is a standby, which takes no changes" if standby else f"sessions on {where} are read-only",
        detail="nothing was changed",
        hint="connect to the primary (target_session_attrs=primary)"
        if standby
        else f"look at default_transaction_read_only of {conn.info.dbname} and of {conn.info.user}",
    )


def _lacking_parts(
    conn: Connection[Any], before: Catalog, after: Catalog, major: int
) -> PgwrightError | None:
    extensions = [o.id.name.name for o in after.of("extension") if o.id not in before]
    offered = conn.execute(
        "SELECT name FROM pg_available_extensions WHERE name = ANY (%s)", [extensions]
    ).fetchall()
    absent = sorted(set(extensions) - {name for (name,) in offered})
    if absent:
        packages = "; ".join(f"{name} is in {package_for(name, major)}" for name in absent)
        return ExtensionMissingError(
            f"the server has no {_listed('extension', absent)}",
            detail="nothing was changed",
            hint=f"install it on the server's machine: {packages}",
        )
    roles = sorted(set(roles_of(after)) - set(roles_of(before)))
    there = conn.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", [roles]).fetchall()
    missing = [role for role in roles if (role,) not in there]
    if missing:
        made = "; ".join(f"CREATE ROLE {render(Name(role))}" for role in missing)
        return RolesMissing(
            f"the server has no {_listed('role', missing)}, named by owners, grants or row policies",
            detail="nothing was changed",
            hint=f"make them first: {made}; or leave them out: --no-owner --no-privileges",
        )
    return None


def _lacking_rights(conn: Connection[Any], plan: Plan, major: int) -> PgwrightError | None:
    """Return the error for relations that the plan changes and the role may not change."""
    subjects = (step.subject for step in plan.steps if step.subject.kind not in _GRANTED)
    changed = dict.fromkeys(id.root.name for id in subjects if id.root.kind in _RELATIONS)
    given = {"schemas": [name.schema for name in changed], "names": [name.name for name in changed]}
    found = conn.execute(load_sql("pgwright.diff", "not_owned", major).encode(), given).fetchall()
    if not found:
        return None
    role = render(Name(conn.info.user))
    owners = sorted({owner for _, owner in found})
    member = "; ".join(f"GRANT {render(Name(owner))} TO {role}" for owner in owners)
    return PrivilegeError(
        f"{role} may not change {shortened(path for path, _ in found)}, which others own",
        detail="nothing was changed",
        hint=f"run this as the owner ({', '.join(owners)}), or as a superuser make {role} a member: {member}",
    )


def require_none_lacking(url: str, plan: Plan, before: Catalog, after: Catalog) -> None:
    """Raise what `lacking` finds on the server at `url`, so that nobody is asked in vain."""
    with connect(url) as conn:
        error = lacking(conn, plan, before, after)
    if error is not None:
        raise error


def lacking_at(url: str, plan: Plan, before: Catalog, after: Catalog) -> str | None:
    """Return in words what the server at `url` lacks for a plan between the two ends, or None."""
    with connect(url) as conn:
        error = lacking(conn, plan, before, after)
    return None if error is None else f"as it is, apply will refuse this: {error.message}. {error.hint}"


def _listed(noun: str, names: Sequence[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)}"
