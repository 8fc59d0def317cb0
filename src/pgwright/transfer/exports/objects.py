"""Rows as JSON objects, composed by the server."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from psycopg import sql

from pgwright.formats.shape import Shape
from pgwright.pg.quoting import Name
from pgwright.transfer.exports.select import Selected
from pgwright.transfer.tables import Column

_BARE = {"int2", "int4", "int8"}  # the text of these is JSON as it stands
_QUOTED = {"date", "uuid"}  # and of these between quotes
_ARGUMENTS = 100  # of one call


def as_objects(selected: Selected, names: Sequence[str] = (), *, comma: bool = False) -> sql.Composed:
    """Compose one JSON object for each row, which never holds a line end; `comma` puts one behind each.

    Columns in `names` are written as PostgreSQL's text.
    """
    members = [(column.name, _value(column, text=column.name in names)) for column in selected.columns]
    return _rows(selected, [*_object(members), _text("," if comma else "")])


def as_django(selected: Selected, model: str, pk: str, fields: Sequence[tuple[str, str]]) -> sql.Composed:
    """Compose Django's serialization of each row, with a comma; `fields` pairs its names with the columns.

    Decimals are texts there, so that nothing reads them as floats.
    """
    columns = {column.name: column for column in selected.columns}
    members = [(name, _value(columns[of], text=columns[of].base == "numeric")) for name, of in fields]
    head = [_text(f'{{"model":{_json(model)},"pk":'), _value(columns[pk]), _text(',"fields":')]
    return _rows(selected, [*head, *_object(members), _text("},")])


def nulls_within(selected: Selected) -> sql.Composed | None:
    """Compose the query that counts JSON's own null, which JSON files cannot tell from none at all."""
    documents = [column for column in selected.columns if column.shape.kind == "json"]
    if not documents:
        return None
    shown = [
        sql.SQL("count(*) FILTER (WHERE {}::text = 'null') AS {}").format(
            Name(column.name), Name(column.name)
        )
        for column in documents
    ]
    return sql.SQL("SELECT {} FROM ({}) AS r").format(sql.SQL(", ").join(shown), selected.rows)


def _rows(selected: Selected, parts: Sequence[sql.Composable]) -> sql.Composed:
    return sql.SQL("SELECT {} AS object FROM ({}) AS r").format(_joined(parts), selected.rows)


def _object(members: Iterable[tuple[str, sql.Composable]]) -> list[sql.Composable]:
    """Return the parts of an object. row_to_json() is a fifth slower: it looks up each type for each row."""
    parts: list[sql.Composable] = []
    for name, value in members:
        parts += [_text(f"{',' if parts else '{'}{_json(name)}:"), value]
    return [*parts, _text("}" if parts else "{}")]


def _value(column: Column, *, text: bool = False) -> sql.Composed:
    """Compose a value as JSON, without line ends.

    An array whose subscripts do not begin at 1 becomes PostgreSQL's text, because a JSON array has no place
    for them.
    """
    name = sql.SQL("r.{}").format(Name(column.name))
    if text:
        return sql.SQL("coalesce(to_json({}::text), 'null'::json)").format(name)
    if column.base in _BARE:
        return sql.SQL("coalesce({}::text, 'null')").format(name)
    if column.base in _QUOTED:
        return sql.SQL("""coalesce('"' || {}::text || '"', 'null')""").format(name)
    value = sql.SQL("to_json({})").format(name)
    if column.shape.kind == "array":
        skewed = sql.SQL("{}::text LIKE '[%'").format(name)
        value = sql.SQL("CASE WHEN {} THEN to_json({}::text) ELSE {} END").format(skewed, name, value)
    if column.base != "jsonb" and (column.base == "json" or _may_hold_json(column.shape)):
        # As white space between tokens json may have line ends, which jsonb never has.
        value = sql.SQL("translate({}::text, E'\\n\\r', '  ')").format(value)
        return sql.SQL("coalesce({}, 'null')").format(value)
    return sql.SQL("coalesce({}, 'null'::json)").format(value)


def _may_hold_json(shape: Shape) -> bool:
    """Tell whether json may be in it; of a query's columns it is not known what they are built of."""
    if shape.kind == "array":
        return shape.element is None or _may_hold_json(shape.element)
    if shape.kind == "composite":
        return shape.fields is None or any(_may_hold_json(field) for field in shape.fields.values())
    return shape.kind == "json"


def _joined(parts: Sequence[sql.Composable]) -> sql.Composed:
    if len(parts) > _ARGUMENTS:
        return _joined([_joined(parts[at : at + _ARGUMENTS]) for at in range(0, len(parts), _ARGUMENTS)])
    return sql.SQL("concat({})").format(sql.SQL(", ").join(parts))


def _text(text: str) -> sql.Composable:
    return sql.SQL("{}::text").format(sql.Literal(text))


def _json(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
