"""What the parts of a rollup are called: logs and functions in the schema pgwright, a view, triggers."""

from __future__ import annotations

from collections.abc import Iterable

from pgwright.kinds.steps import short_name
from pgwright.model.names import ObjectId, QualifiedName

EVENTS = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")


def own_log(rollup: QualifiedName, join: str = "") -> QualifiedName:
    """Return the name of the log of a rollup, or of its log about a table that it joins."""
    return _own(rollup, "log", join)


def own_function(rollup: QualifiedName, join: str = "") -> QualifiedName:
    """Return the name of the function that writes to the log of the same arguments."""
    return _own(rollup, "note", join)


def kept_rows(rollup: QualifiedName) -> QualifiedName:
    """Return the name of the copy of the rows that a table had before a rollup filled it."""
    return _own(rollup, "before", "")


def own_names(rollup: QualifiedName, joins: Iterable[str]) -> frozenset[str]:
    """Return the names of all that a rollup has in the schema pgwright."""
    return frozenset(of(rollup, join).name for of in (own_log, own_function) for join in ("", *joins))


def _own(rollup: QualifiedName, what: str, join: str) -> QualifiedName:
    parts = (rollup.schema, rollup.name, what, join)
    return QualifiedName("pgwright", short_name("_".join(part for part in parts if part)))


def live_view(rollup: QualifiedName) -> QualifiedName:
    """Return the name of the view that reads a rollup with what no refresh has seen."""
    return QualifiedName(rollup.schema, short_name(f"{rollup.name}_live"))


def trigger_names(rollup: QualifiedName) -> tuple[str, ...]:
    """Return the names of the triggers that note changes for a rollup, in the order of `EVENTS`."""
    return tuple(short_name(f"pgwright_{rollup.name}_{event.lower()}") for event in EVENTS)


def joined_table(source: ObjectId, table: str) -> ObjectId:
    """Return the identity of a table that a rollup over `source` joins by this name."""
    schema, _, name = table.rpartition(".")
    return ObjectId("table", QualifiedName(schema or source.name.schema, name))
