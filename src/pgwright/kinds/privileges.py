"""Privileges as grants and default privileges share them: what deviates from PostgreSQL's own defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.pg.quoting import Name, deparsed

PUBLIC = "PUBLIC"
_TABLE = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"})


@dataclass(frozen=True, kw_only=True, order=True)
class Privilege:
    """Name a privilege and tell whether its holder may pass it on.

    ``ALL`` stands for every privilege that a table has on the server that it was read from: version 17
    brought MAINTAIN, and what was granted as ALL on either side of it is the same.
    """

    name: str
    grantable: bool = False


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """Hold what a role has beyond the defaults, and what of the defaults it lacks."""

    granted: tuple[Privilege, ...] = ()
    revoked: tuple[str, ...] = ()


def deviation(rows: Iterable[Any], *, table: bool, major: int) -> Deviation:
    """Gather rows with `privilege`, `granted` and `grantable`, all of one object and one grantee."""
    granted: set[Privilege] = set()
    revoked: set[str] = set()
    for r in rows:
        if r.granted:
            granted.add(Privilege(name=r.privilege, grantable=r.grantable))
        else:
            revoked.add(r.privilege)
    whole = every(major)
    if table and {p.name for p in granted} == whole and len({p.grantable for p in granted}) == 1:
        granted = {Privilege(name="ALL", grantable=next(iter(granted)).grantable)}
    if table and revoked == whole:
        revoked = {"ALL"}
    return Deviation(granted=tuple(sorted(granted)), revoked=tuple(sorted(revoked)))


def role(name: str) -> sql.Composable:
    """Compose a grantee: a role, or PUBLIC."""
    return sql.SQL("PUBLIC") if name == PUBLIC else Name(name)


@dataclass(frozen=True, kw_only=True)
class Action:
    """Say one GRANT or REVOKE: ``{verb} {privileges} ON … {direction} {grantee} {tail}``."""

    privileges: tuple[str, ...]
    revokes: bool
    option: bool = False

    def compose(self, on: sql.Composable, grantee: str, columns: str | None = None) -> sql.Composable:
        """Compose the statement about the object `on`, for one column of it where `columns` names that."""
        suffix = sql.SQL("") if columns is None else sql.SQL(" ({})").format(Name(columns))
        privileges = sql.SQL(", ").join(sql.SQL("{}{}").format(deparsed(p), suffix) for p in self.privileges)
        if self.revokes:
            verb = sql.SQL("REVOKE GRANT OPTION FOR") if self.option else sql.SQL("REVOKE")
            return sql.SQL("{} {} ON {} FROM {}").format(verb, privileges, on, role(grantee))
        tail = sql.SQL(" WITH GRANT OPTION") if self.option else sql.SQL("")
        return sql.SQL("GRANT {} ON {} TO {}{}").format(privileges, on, role(grantee), tail)


def actions(before: Deviation, after: Deviation, major: int) -> Iterator[Action]:
    """Yield what leads from one deviation to the other on a server of version `major`, revokes first."""
    old, new = _held(before, major), _held(after, major)
    lost, lacking = expanded(before.revoked, major), expanded(after.revoked, major)
    gone = {p for p in old if p not in new} | (lacking - lost)
    if gone:
        yield Action(privileges=_shortest(gone, major), revokes=True)
    options = {p for p, passing in old.items() if passing and new.get(p) is False}
    if options:
        yield Action(privileges=_shortest(options, major), revokes=True, option=True)
    plain = {p for p, passing in new.items() if not passing and p not in old} | (lost - lacking)
    if plain:
        yield Action(privileges=_shortest(plain, major), revokes=False)
    passing_on = {p for p, passing in new.items() if passing and not old.get(p)}
    if passing_on:
        yield Action(privileges=_shortest(passing_on, major), revokes=False, option=True)


def every(major: int) -> frozenset[str]:
    """Return all privileges that a table has on a server of version `major`."""
    return _TABLE | {"MAINTAIN"} if major >= 17 else _TABLE


def expanded(privileges: Iterable[str], major: int) -> set[str]:
    """Return the privileges with ALL spelt out as a server of version `major` means it."""
    return {name for p in privileges for name in (every(major) if p == "ALL" else (p,))}


def _held(deviation: Deviation, major: int) -> dict[str, bool]:
    return {name: p.grantable for p in deviation.granted for name in expanded((p.name,), major)}


def _shortest(privileges: set[str], major: int) -> tuple[str, ...]:
    return ("ALL",) if privileges == every(major) else tuple(sorted(privileges))
