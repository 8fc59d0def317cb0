"""Dictionaries of text search: what turns words into what is looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.steps import name_of, renamed, step
from pgwright.kinds.types.type_steps import drop_step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Step
from pgwright.pg.quoting import deparsed

_OPTION = re.compile(r"(?P<name>\"(?:[^\"]|\"\")+\"|[\w$]+)\s*=\s*(?P<value>E?'(?:[^'\\]|''|\\.)*'|[^,\s]+)")
STALE = "what indexes and stored columns hold was computed before: build them anew, or searches miss rows"


@dataclass(frozen=True, kw_only=True)
class TextSearchDictionary(CatalogObject):
    """Define a dictionary by its template and the options, ``name = value``, that it was given."""

    template: str
    options: tuple[str, ...] = ()


def read(reading: Reading) -> Iterator[Found]:
    """Yield the dictionaries of the schemas being read."""
    for r in reading.rows("text_search_dictionary"):
        options = (f"{m['name']} = {m['value']}" for m in _OPTION.finditer(r.options or ""))
        dictionary = TextSearchDictionary(
            id=ObjectId("text_search_dictionary", QualifiedName(r.schema, r.name)),
            template=r.template,
            options=tuple(options),
        )
        yield Found(dictionary, (Address(SystemCatalog.TS_DICT, r.oid),))


def create(o: TextSearchDictionary, context: Context) -> tuple[Step, ...]:
    """Return the CREATE TEXT SEARCH DICTIONARY; the server needs the files that the options name."""
    options = deparsed(", ".join([f"TEMPLATE = {o.template}", *o.options]))
    text = sql.SQL("CREATE TEXT SEARCH DICTIONARY {} ({})").format(name_of(o.id), options)
    return (step(o.id, text, f"create {o.id}"),)


def drop(o: TextSearchDictionary, context: Context) -> tuple[Step, ...]:
    """Return the DROP TEXT SEARCH DICTIONARY."""
    return (drop_step("TEXT SEARCH DICTIONARY", o),)


def alter(change: Change, context: Context) -> Alteration:
    """Set and unset options in place; another template makes another dictionary."""
    before, after = change.before, change.after
    assert isinstance(before, TextSearchDictionary) and isinstance(after, TextSearchDictionary)
    if before.template != after.template:
        return REPLACE
    new = [option for option in after.options if option not in before.options]
    kept = {option.partition(" = ")[0] for option in after.options}
    gone = [name for name in (o.partition(" = ")[0] for o in before.options) if name not in kept]
    text = sql.SQL("ALTER TEXT SEARCH DICTIONARY {} ({})").format(
        name_of(after.id), deparsed(", ".join([*new, *gone]))
    )
    hazard = Hazard(code=HazardCode.BREAKS_CODE, message=STALE)
    return Alteration(steps=(step(after.id, text, f"change {after.id}", hazards=(hazard,)),))


def rename(o: TextSearchDictionary, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TEXT SEARCH DICTIONARY that renames or moves it."""
    return renamed("TEXT SEARCH DICTIONARY", o.id, to)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among dictionaries."""
    return (("text search dictionary", o.id.name.schema, o.id.name.name),)


KIND = Kind(
    name="text_search_dictionary",
    cls=TextSearchDictionary,
    rank=31,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
