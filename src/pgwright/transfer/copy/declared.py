"""What is declared about tables over time, as far as a copy takes it along."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from glob import escape

import msgspec

from pgwright.kinds.timeseries.policy_carry import Carried
from pgwright.kinds.timeseries.policy_records import PREPARE
from pgwright.kinds.timeseries.rollup_names import live_view, own_names
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import render
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.dump import Dumped, Entry

_SCHEMA = "pgwright"
_CALLS = re.compile(r" EXECUTE FUNCTION pgwright\.(?P<function>\"[^\"]+\"|\w+)\(\)")


def coming_along(choice: Choice, declared: Sequence[Carried]) -> tuple[Carried, ...]:
    """Return the declarations that go along with the chosen tables.

    A rollup does with its source and its own table, unless tables are chosen by name: its functions have
    none. Where only the schema is copied nothing was ever retired.
    """
    here = [found for found in declared if _chooses(choice, found.about.name)]
    kept = [found for found in here if found.filled is None or (not choice.include and _has(choice, found))]
    return tuple(replace(found, floor=None) if choice.what == "schema" else found for found in kept)


def settled(choice: Choice, declared: Sequence[Carried]) -> Choice:
    """Return the choice without the tables and views of rollups that do not come along."""
    along = coming_along(choice, declared)
    known = {found.key for found in along}
    out = [
        name
        for found in declared
        if found.filled is not None and found.key not in known
        for name in _made(choice, found)
    ]
    patterns = [escape(ObjectId("table", name).path) for name in out]
    return msgspec.structs.replace(choice, exclude=(*choice.exclude, *patterns))


def left_behind(choice: Choice, declared: Sequence[Carried]) -> tuple[Carried, ...]:
    """Return the rollups of chosen tables that do not come along."""
    along = {found.key for found in coming_along(choice, declared)}
    return tuple(
        found
        for found in declared
        if found.filled and _chooses(choice, found.about.name) and found.key not in along
    )


def with_declarations(dumped: Dumped, along: Sequence[Carried], declared: Sequence[Carried]) -> Dumped:
    """Return a dump with what belongs to the declarations that come along, and no more of pgwright's own."""
    names = _names(along)
    left = _names(declared) - names
    # Views of rollups read the record of declarations.
    record = Entry(id=0, oid=0, type="TABLE", name="policy", schema=_SCHEMA, sql=render(PREPARE))
    return Dumped(
        before=((record,) if names else ()) + tuple(e for e in dumped.before if _belongs(e, left)),
        after=tuple(entry for entry in dumped.after if _belongs(entry, left)),
    )


def _names(declared: Sequence[Carried]) -> set[str]:
    return {name for found in declared if found.filled for name in own_names(found.filled, found.joins)}


def _belongs(entry: Entry, left: set[str]) -> bool:
    # The ledger and the record of declarations are made by themselves, before anything else.
    call = _CALLS.search(entry.sql) if entry.type == "TRIGGER" else None
    if call is not None:
        return call["function"].strip('"') not in left
    if (entry.type, entry.name) == ("SCHEMA", _SCHEMA) or entry.name == f"SCHEMA {_SCHEMA}":
        return False
    if entry.schema != _SCHEMA:
        return True
    words = re.split(r"[ (]", entry.name)
    return words[0] != "policy" and not left.intersection(words)


def _chooses(choice: Choice, name: QualifiedName) -> bool:
    return choice.selection.chooses(ObjectId("table", name))


def _has(choice: Choice, found: Carried) -> bool:
    return found.filled is not None and _chooses(choice, found.filled)


def _made(choice: Choice, found: Carried) -> tuple[QualifiedName, ...]:
    """Return what goes with a rollup that stays behind: its view, and its table unless that is chosen."""
    assert found.filled is not None
    view = live_view(found.filled)
    return (view,) if _chooses(choice, found.about.name) or choice.include else (view, found.filled)
