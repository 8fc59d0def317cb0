"""The roles that a backup needs on the server that it is restored to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pgwright.backup.repository.manifest import DatabaseFacts, Manifest, Role
from pgwright.backup.repository.repository import Repository
from pgwright.errors import PrivilegeError

if TYPE_CHECKING:
    import psycopg


def require_roles(
    conn: psycopg.Connection[Any], facts: DatabaseFacts, mapped: Sequence[tuple[str, str]]
) -> None:
    """Raise `PrivilegeError` where the server lacks roles that own things in the backup."""
    renamed = dict(mapped)
    wanted = {renamed.get(role, role) for role in facts.roles}
    there = {row[0] for row in conn.execute("SELECT rolname FROM pg_roles")}
    if missing := sorted(wanted - there):
        raise PrivilegeError(
            f"this server lacks the roles {', '.join(missing)}, which own things in the backup",
            detail="nothing was changed",
            hint=f"make them with --create-roles, give them to others with --map-role {missing[0]}=ROLE, "
            "or leave owners and grants out with --no-owner",
        )


def create_roles(conn: psycopg.Connection[Any], repository: Repository, backup: Manifest) -> tuple[str, ...]:
    """Create the roles that are missing, with attributes and memberships; existing ones stay as they are.

    Returns their names. Raises `PrivilegeError`.
    """
    import psycopg  # noqa: PLC0415

    there = {row[0] for row in conn.execute("SELECT rolname FROM pg_roles")}
    created: set[str] = set()
    for file in backup.of(Role.GLOBALS):
        text = b"".join(repository.read(backup.id, file)).decode()
        for line in text.splitlines():
            words = line.rstrip(";").split(" ")
            if line.startswith("CREATE ROLE ") and words[2].strip('"') not in there:
                created.add(words[2])
            elif not (line.startswith("ALTER ROLE ") and words[2] in created) and not (
                line.startswith("GRANT ") and any(f" TO {role}" in line for role in created)
            ):
                continue
            try:
                conn.execute(line.encode())
            except psycopg.Error as error:
                raise PrivilegeError(
                    "a role of the backup cannot be created here",
                    detail=str(error.diag.message_primary or error),
                    hint="restore as a superuser, or leave owners and grants out with --no-owner",
                ) from error
    return tuple(sorted(name.strip('"') for name in created))
