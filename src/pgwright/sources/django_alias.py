"""One alias of a Django project led to a database, and the others closed, in a process of pgwright's own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from pgwright.errors import AliasClosed, AliasUnknown
from pgwright.pg.address import parse_address

_KEYS = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
# These say where a server is, or keep connections that were opened with other settings.
_DROPPED = frozenset({"service", "passfile", "hostaddr", "pool"})


class ClosedConnection(AliasClosed, OperationalError):
    """Be an error of pgwright's, and to the project's code a server that cannot be reached."""


class Enclosure:
    """Let the connections of this process reach the database of one alias alone, unless the others are open.

    All of them, also those of other threads and copies, connect through one method of Django's, which is
    replaced for good: nothing of this may be made in a process that the project itself runs.
    """

    def __init__(self) -> None:
        self.alias = ""
        self.are_others_open = False
        connect = BaseDatabaseWrapper.connect

        def connect_within(wrapper: BaseDatabaseWrapper) -> None:
            if wrapper.alias != self.alias and not self.are_others_open:
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
        # Django's connections hold this very mapping, in every thread.
        found = databases[alias]
        params = dict(parse_address(url).params)
        found |= {name: params.pop(key, "") for key, name in _KEYS.items()}
        given = found.get("OPTIONS", {})
        kept = {k: v for k, v in given.items() if k not in _DROPPED and not k.startswith("ssl")}
        found["OPTIONS"] = {**kept, **params}


def _closed(alias: str, led: str) -> ClosedConnection:
    return ClosedConnection(
        f"the database alias {alias} is closed while models are built or migrations are tried",
        detail=f"only {led} leads to a scratch database; {alias} would lead to a real one, and was not asked",
        hint="let a migration stay where it runs: .using(schema_editor.connection.alias), and query nothing "
        "while apps load",
    )
