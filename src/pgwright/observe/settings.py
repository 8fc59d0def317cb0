"""Settings of the server, where each comes from, and which wait for a restart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgwright.observe.fetch import fetch
from pgwright.pg.redact import redact

if TYPE_CHECKING:
    import psycopg

# Set by initdb, by this client or by PostgreSQL for itself: nobody decided anything.
_NOBODY = frozenset({"default", "client", "session", "override", "environment variable"})
_FROM_INITDB = frozenset({"lc_messages", "lc_monetary", "lc_numeric", "lc_time", "DateStyle", "TimeZone"})


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Describe a setting; `value` and `default_value` count in `unit` (``8kB`` means pages of 8 kB).

    `source` says who set it, `file` where (to members of pg_read_all_settings only). `pending_restart` tells
    that its file says something else already. `context` is how it can be changed (``sighup``: by a reload).
    """

    name: str
    value: str | None
    unit: str | None
    default_value: str | None
    source: str
    context: str
    category: str
    pending_restart: bool
    file: str | None

    @property
    def changed(self) -> bool:
        """Tell whether somebody gave it a value of his own."""
        differs = self.value != self.default_value and self.name not in _FROM_INITDB
        return self.pending_restart or (self.source not in _NOBODY and differs)


def settings(conn: psycopg.Connection[Any], *, everything: bool = False) -> tuple[Setting, ...]:
    """Return the settings that were changed, by name, or all of them; passwords in values are masked."""
    found = (
        Setting(**{**row, "value": redact(row["value"]) if row["value"] else row["value"]})
        for row in fetch(conn, "pgwright.observe", "settings")
    )
    return tuple(setting for setting in found if everything or setting.changed)
