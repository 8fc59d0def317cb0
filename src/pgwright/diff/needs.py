"""What a plan needs of the server that it runs on: roles and extensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from pgwright.diff.build import roles_of
from pgwright.errors import ExtensionMissingError, PgwrightError, RolesMissing
from pgwright.model.catalog import Catalog
from pgwright.pg.connect import connect
from pgwright.pg.extensions import package_for
from pgwright.pg.quoting import Name, render


def lacking(conn: Connection[Any], before: Catalog, after: Catalog) -> PgwrightError | None:
    """Return the error that a plan between the two ends in on this server, or None; nothing was done then."""
    extensions = [o.id.name.name for o in after.of("extension") if o.id not in before]
    offered = conn.execute(
        "SELECT name FROM pg_available_extensions WHERE name = ANY (%s)", [extensions]
    ).fetchall()
    absent = sorted(set(extensions) - {name for (name,) in offered})
    if absent:
        packages = "; ".join(f"{name} is in {package_for(name, before.server.major)}" for name in absent)
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


def lacking_at(url: str, before: Catalog, after: Catalog) -> str | None:
    """Return in words what the server at `url` lacks for a plan between the two ends, or None."""
    with connect(url) as conn:
        error = lacking(conn, before, after)
    return None if error is None else f"as it is, apply will refuse this: {error.message}. {error.hint}"


def _listed(noun: str, names: Sequence[str]) -> str:
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)}"
