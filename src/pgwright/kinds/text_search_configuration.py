"""Configurations of text search: which dictionaries look up which kind of token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.steps import name_of, renamed, statement, step
from pgwright.kinds.text_search_dictionary import STALE
from pgwright.kinds.types.type_steps import drop_step
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Step
from pgwright.pg.quoting import Name, deparsed


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """Name the dictionaries that a kind of token is looked up in, in their order."""

    token: str
    dictionaries: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TextSearchConfiguration(CatalogObject):
    """Define a configuration by its parser and what happens to each kind of token."""

    parser: str
    mappings: tuple[Mapping, ...] = ()


def read(reading: Reading) -> Iterator[Found]:
    """Yield the configurations of the schemas being read."""
    for oid, group in groupby(reading.rows("text_search_configuration"), key=lambda r: r.oid):
        rows = list(group)
        configuration = TextSearchConfiguration(
            id=ObjectId("text_search_configuration", QualifiedName(rows[0].schema, rows[0].name)),
            parser=rows[0].parser,
            mappings=tuple(
                Mapping(token=r.token, dictionaries=tuple(r.dictionaries))
                for r in rows
                if r.token is not None
            ),
        )
        yield Found(configuration, (Address(SystemCatalog.TS_CONFIG, oid),))


def create(o: TextSearchConfiguration, context: Context) -> tuple[Step, ...]:
    """Return the CREATE TEXT SEARCH CONFIGURATION and its mappings."""
    text = sql.SQL("CREATE TEXT SEARCH CONFIGURATION {} (PARSER = {})").format(
        name_of(o.id), deparsed(o.parser)
    )
    return (step(o.id, text, f"create {o.id}"), *_map("ADD", o, o.mappings))


def _map(verb: str, o: TextSearchConfiguration, mappings: tuple[Mapping, ...], **settings: Any) -> list[Step]:
    """Return one statement for all tokens that the same dictionaries look up."""
    tokens: dict[tuple[str, ...], list[str]] = {}
    for mapping in mappings:
        tokens.setdefault(mapping.dictionaries, []).append(mapping.token)
    return [
        step(
            o.id,
            statement(
                "ALTER TEXT SEARCH CONFIGURATION {} " + verb + " MAPPING FOR {} WITH {}",
                name_of(o.id),
                sql.SQL(", ").join(map(Name, names)),
                deparsed(", ".join(dictionaries)),
            ),
            f"look up {', '.join(names)} of {o.id}",
            **settings,
        )
        for dictionaries, names in tokens.items()
    ]


def drop(o: TextSearchConfiguration, context: Context) -> tuple[Step, ...]:
    """Return the DROP TEXT SEARCH CONFIGURATION."""
    return (drop_step("TEXT SEARCH CONFIGURATION", o),)


def alter(change: Change, context: Context) -> Alteration:
    """Change the mappings in place; another parser makes another configuration."""
    before, after = change.before, change.after
    assert isinstance(before, TextSearchConfiguration) and isinstance(after, TextSearchConfiguration)
    if before.parser != after.parser:
        return REPLACE
    old, new = ({m.token: m for m in o.mappings} for o in (before, after))
    hazards = (Hazard(code=HazardCode.BREAKS_CODE, message=STALE),)
    steps = []
    gone = [token for token in old if token not in new]
    if gone:
        text = sql.SQL("ALTER TEXT SEARCH CONFIGURATION {} DROP MAPPING FOR {}").format(
            name_of(after.id), sql.SQL(", ").join(map(Name, gone))
        )
        steps.append(step(after.id, text, f"look up {', '.join(gone)} no more", hazards=hazards))
    others = tuple(m for token, m in new.items() if token in old and old[token] != m)
    added = tuple(m for token, m in new.items() if token not in old)
    steps += _map("ALTER", after, others, hazards=hazards)
    steps += _map("ADD", after, added, hazards=hazards)
    return Alteration(steps=tuple(steps))


def rename(o: TextSearchConfiguration, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TEXT SEARCH CONFIGURATION that renames or moves it."""
    return renamed("TEXT SEARCH CONFIGURATION", o.id, to)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among configurations."""
    return (("text search configuration", o.id.name.schema, o.id.name.name),)


KIND = Kind(
    name="text_search_configuration",
    cls=TextSearchConfiguration,
    rank=32,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
)
