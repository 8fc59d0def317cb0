"""How statements name what comments, privileges and owners are about: ``COLUMN public.t.c``.

The identity of an object carries its name, and a routine's argument types in the form
that is compared; composing a statement needs keyword, schema and arguments apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg import sql

from pgwright.kinds.cast import Cast
from pgwright.kinds.cast import reference as cast_reference
from pgwright.kinds.contract import Address, Reading, SystemCatalog
from pgwright.kinds.operator import Operator
from pgwright.kinds.operator import reference as operator_reference
from pgwright.kinds.operator_class import OperatorClass
from pgwright.kinds.operator_family import OperatorFamily
from pgwright.kinds.operator_members import reference as indexing_reference
from pgwright.kinds.steps import parent_of, statement
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import Name, deparsed, qualified

# The catalog whose row is the object itself; its other addresses (row type, index, rule) are not.
_HOMES = {
    "schema": SystemCatalog.NAMESPACE,
    "extension": SystemCatalog.EXTENSION,
    "collation": SystemCatalog.COLLATION,
    "enum": SystemCatalog.TYPE,
    "domain": SystemCatalog.TYPE,
    "composite": SystemCatalog.TYPE,
    "range": SystemCatalog.TYPE,
    "sequence": SystemCatalog.CLASS,
    "table": SystemCatalog.CLASS,
    "column": SystemCatalog.CLASS,
    "constraint": SystemCatalog.CONSTRAINT,
    "view": SystemCatalog.CLASS,
    "materialized_view": SystemCatalog.CLASS,
    "index": SystemCatalog.CLASS,
    "function": SystemCatalog.PROC,
    "aggregate": SystemCatalog.PROC,
    "operator": SystemCatalog.OPERATOR,
    "operator_family": SystemCatalog.OPFAMILY,
    "operator_class": SystemCatalog.OPCLASS,
    "cast": SystemCatalog.CAST,
    "trigger": SystemCatalog.TRIGGER,
    "event_trigger": SystemCatalog.EVENT_TRIGGER,
    "rule": SystemCatalog.REWRITE,
    "statistics": SystemCatalog.STATISTIC_EXT,
    "row_policy": SystemCatalog.POLICY,
    "publication": SystemCatalog.PUBLICATION,
    "text_search_dictionary": SystemCatalog.TS_DICT,
    "text_search_configuration": SystemCatalog.TS_CONFIG,
    "foreign_server": SystemCatalog.FOREIGN_SERVER,
}

RELATIONS = frozenset({"table", "view", "materialized_view", "sequence"})
_WITH_COLUMNS = frozenset({"table", "view", "materialized_view", "composite"})


def subject(
    reading: Reading, classid: int, objid: int, subid: int = 0, column: str | None = None
) -> ObjectId | None:
    """Return the identity of what a catalog row is about, or None where no kind read exactly that.

    Columns of views and composite types, the index behind a constraint and constraints
    of domains get identities too, although the catalog holds no object of their own for them.
    """
    if subid:
        relation = reading.ids.get(Address(classid, objid))
        if relation is None or relation.kind not in _WITH_COLUMNS or column is None:
            return None
        return ObjectId("column", QualifiedName(None, column), relation)
    id = reading.ids.get(Address(classid, objid))
    if id is None:
        return None
    if id.kind == "constraint" and classid == SystemCatalog.CLASS:
        return ObjectId("index", id.name, id)
    if id.kind == "column" or _HOMES.get(id.kind) != classid:
        return None
    return id


def ancestors(id: ObjectId) -> tuple[ObjectId, ...]:
    """Return what the object is a part of, the nearest first."""
    found: list[ObjectId] = []
    at = id.parent
    while at is not None:
        found.append(at)
        at = at.parent
    return tuple(found)


def target(id: ObjectId, catalog: Catalog) -> sql.Composable:
    """Compose keyword and name of an object as COMMENT ON takes them.

    `catalog` is the one that holds the object: what sort of routine or table it is stands there.
    """
    special = _SPECIAL.get(id.kind)
    if special is not None:
        return special(id, catalog.get(id), catalog)
    return statement(_PLAIN[id.kind] + " {}", qualified(id.name))


def privilege_target(id: ObjectId, catalog: Catalog) -> sql.Composable:
    """Compose keyword and name of an object as GRANT … ON takes them."""
    if id.kind in {"view", "materialized_view", "table"}:
        return sql.SQL("TABLE {}").format(qualified(id.name))
    if id.kind == "aggregate":
        # GRANT knows aggregates only as functions, without the star and ORDER BY of their signature.
        arguments = ", ".join(
            a for a in _arguments(catalog.get(id), id).split(" ORDER BY ") if a not in {"*", ""}
        )
        return sql.SQL("FUNCTION {}({})").format(_routine_name(catalog.get(id), id), deparsed(arguments))
    if id.kind in {"enum", "composite", "range", "domain"}:
        return sql.SQL("{} {}").format(
            sql.SQL("DOMAIN" if id.kind == "domain" else "TYPE"), qualified(id.name)
        )
    if id.kind == "foreign_server":
        return sql.SQL("FOREIGN SERVER {}").format(qualified(id.name))
    return target(id, catalog)


# Their relation is only opened to find them.
_LOOKED_UP = frozenset({"constraint", "trigger", "rule", "row_policy", "not_null"})


def lock_of(id: ObjectId) -> tuple[LockMode | None, tuple[ObjectId, ...]]:
    """Return the lock that COMMENT ON takes on a relation, and on which."""
    at: ObjectId | None = id
    while at is not None and at.kind not in {"table", "view", "materialized_view"}:
        if at.kind in {"index", "sequence"}:
            return LockMode.SHARE_UPDATE_EXCLUSIVE, (at,)
        if at.kind in _LOOKED_UP:
            return LockMode.ACCESS_SHARE, (at.root,) if at.root.kind != "domain" else ()
        at = at.parent
    if at is None:
        return None, ()
    return LockMode.SHARE_UPDATE_EXCLUSIVE, (at,)


_PLAIN = {
    "schema": "SCHEMA",
    "extension": "EXTENSION",
    "collation": "COLLATION",
    "enum": "TYPE",
    "domain": "DOMAIN",
    "composite": "TYPE",
    "range": "TYPE",
    "sequence": "SEQUENCE",
    "view": "VIEW",
    "materialized_view": "MATERIALIZED VIEW",
    "event_trigger": "EVENT TRIGGER",
    "statistics": "STATISTICS",
    "publication": "PUBLICATION",
    "text_search_dictionary": "TEXT SEARCH DICTIONARY",
    "text_search_configuration": "TEXT SEARCH CONFIGURATION",
    "foreign_server": "SERVER",
}

_ROUTINES = {"f": "FUNCTION", "w": "FUNCTION", "p": "PROCEDURE", "a": "AGGREGATE"}


def _table(id: ObjectId, o: CatalogObject | None, catalog: Catalog) -> sql.Composable:
    keyword = "TABLE {}" if getattr(o, "server", None) is None else "FOREIGN TABLE {}"
    return statement(keyword, qualified(id.name))


def _column(id: ObjectId, o: CatalogObject | None, catalog: Catalog) -> sql.Composable:
    return sql.SQL("COLUMN {}.{}").format(qualified(parent_of(id).name), Name(id.name.name))


def _index(id: ObjectId, o: CatalogObject | None, catalog: Catalog) -> sql.Composable:
    return sql.SQL("INDEX {}").format(qualified(QualifiedName(id.root.name.schema, id.name.name)))


def _constraint(id: ObjectId, o: CatalogObject | None, catalog: Catalog) -> sql.Composable:
    parent = parent_of(id)
    template = "CONSTRAINT {} ON DOMAIN {}" if parent.kind == "domain" else "CONSTRAINT {} ON {}"
    return statement(template, Name(id.name.name), qualified(parent.name))


def _part(keyword: str) -> Callable[[ObjectId, CatalogObject | None, Catalog], sql.Composable]:
    def compose(id: ObjectId, o: CatalogObject | None, catalog: Catalog) -> sql.Composable:
        return statement(keyword + " {} ON {}", Name(id.name.name), qualified(parent_of(id).name))

    return compose


def _routine_name(o: Any, id: ObjectId) -> Name:
    return qualified(QualifiedName(id.name.schema, getattr(o, "proname", id.name.name.partition("(")[0])))


def _arguments(o: Any, id: ObjectId) -> str:
    return str(getattr(o, "arguments", id.name.name.partition("(")[2].removesuffix(")")))


def _routine(id: ObjectId, o: CatalogObject | None, catalog: Catalog) -> sql.Composable:
    kind = "a" if id.kind == "aggregate" else getattr(o, "prokind", "f")
    arguments = _arguments(o, id)
    if kind == "a" and not arguments:
        arguments = "*"
    return statement(_ROUTINES[kind] + " {}({})", _routine_name(o, id), deparsed(arguments))


def _operator(id: ObjectId, o: CatalogObject | None, catalog: Catalog) -> sql.Composable:
    assert isinstance(o, Operator)
    return sql.SQL("OPERATOR {}").format(operator_reference(o))


def _indexing(id: ObjectId, o: CatalogObject | None, catalog: Catalog) -> sql.Composable:
    assert isinstance(o, OperatorClass | OperatorFamily)
    keyword = "OPERATOR CLASS {}" if isinstance(o, OperatorClass) else "OPERATOR FAMILY {}"
    return statement(keyword, indexing_reference(o))


def _cast(id: ObjectId, o: CatalogObject | None, catalog: Catalog) -> sql.Composable:
    assert isinstance(o, Cast)
    return sql.SQL("CAST {}").format(cast_reference(o))


_SPECIAL: dict[str, Callable[[ObjectId, CatalogObject | None, Catalog], sql.Composable]] = {
    "table": _table,
    "column": _column,
    "index": _index,
    "constraint": _constraint,
    "trigger": _part("TRIGGER"),
    "row_policy": _part("POLICY"),
    "rule": _part("RULE"),
    "function": _routine,
    "aggregate": _routine,
    "operator": _operator,
    "operator_family": _indexing,
    "operator_class": _indexing,
    "cast": _cast,
}
