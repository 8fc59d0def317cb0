"""One alias of a Django project led to a database, and the others closed, in a process of pgwright's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from pgwright.errors import AliasClosed, AliasUnknown
from pgwright.pg.address import parse_address

_KEYS = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
# These say where a server is, or keep connections that were opened with other settings.
_DROPPED = frozenset({"service", "passfile", "hostaddr", "pool"})
# A mirror's sessions are others: waiting for what the migration has locked would hold both for good.
_MIRROR_WAITS = "-c lock_timeout=10s"


class ClosedConnection(AliasClosed, OperationalError):
    """Be an error of pgwright's, and to the project's code a server that cannot be reached."""


class Enclosure:
    """Let the connections of this process reach the database of one alias alone, unless the others are open.

    Those that mirror it (``TEST["MIRROR"]``) have, by the project's own word, what it has, and are led along.
    All of them, also those of other threads and copies, connect through one method of Django's, which is
    replaced for good: nothing of this may be made in a process that the project itself runs.
    """

    def __init__(self) -> None:
        self.alias = ""
        self.are_others_open = False
        self._mirrors: frozenset[str] = frozenset()
        connect = BaseDatabaseWrapper.connect

        def connect_within(wrapper: BaseDatabaseWrapper) -> None:
            if wrapper.alias not in self._mirrors | {self.alias} and not self.are_others_open:
                raise _closed(wrapper.alias, self.alias)
            connect(wrapper)

        BaseDatabaseWrapper.connect = connect_within  # type: ignore[method-assign,assignment]

    def lead(self, alias: str, url: str) -> None:
        """Have new connections of an alias lead to `url`, and nowhere else.

        Works before Django is set up as well as after. Raises `AliasUnknown` for one that the settings lack.
        """
        databases: dict[str, dict[str, Any]] = settings.DATABASES
        if alias not in databases:
            raise AliasUnknown(
                f"the settings have no database alias {alias!r}",
                detail=f"DATABASES has {', '.join(databases) or 'none'}; nothing was run",
                hint="correct django_alias of this database in pgwright.toml",
            )
        self.alias = alias
        _lead(databases[alias], url)
        if not self.are_others_open:
            shown = _shown(databases, alias)
            self._mirrors = frozenset(name for name in databases if _shown(databases, name) == shown)
            for name in self._mirrors - {alias}:
                _lead(databases[name], url, more=_MIRROR_WAITS)


def _shown(databases: Mapping[str, Mapping[str, Any]], alias: str) -> str:
    """Return the alias whose contents this one shows: its own, but for a mirror."""
    return (databases[alias].get("TEST") or {}).get("MIRROR") or alias


def _lead(found: dict[str, Any], url: str, *, more: str = "") -> None:
    """Have an alias lead to `url`, with `more` settings of its sessions.

    Django's connections hold this very mapping, in every thread.
    """
    params = dict(parse_address(url).params)
    found |= {name: params.pop(key, "") for key, name in _KEYS.items()}
    given = found.get("OPTIONS", {})
    kept = {k: v for k, v in given.items() if k not in _DROPPED and not k.startswith("ssl")}
    found["OPTIONS"] = {**kept, **params}
    if more and more not in found["OPTIONS"].get("options", ""):
        found["OPTIONS"]["options"] = f"{found['OPTIONS'].get('options', '')} {more}".strip()


def _closed(alias: str, led: str) -> ClosedConnection:
    return ClosedConnection(
        f"the database alias {alias} is closed while models are built or migrations are tried",
        detail=f"only {led} leads to a scratch database; {alias} would lead to a real one, and was not asked",
        hint="let a migration stay where it runs: .using(schema_editor.connection.alias), and query nothing "
        "while apps load",
    )
