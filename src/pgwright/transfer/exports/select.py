"""The query that an export of one table runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from psycopg import sql

from pgwright.pg.blocks import in_blocks
from pgwright.pg.quoting import Name
from pgwright.transfer.exports.masks import Masks, masked
from pgwright.transfer.tables import Column, Table


@dataclass(frozen=True, kw_only=True)
class Selected:
    """Hold what is exported into one file: `rows` selects the columns, `masks` names those masked.

    `table` is None for a query of the user's. `pieces` select the same rows one after the other, where
    several sessions may read the table.
    """

    name: str
    table: Table | None
    columns: tuple[Column, ...]
    rows: sql.Composed
    masks: tuple[str, ...] = ()
    estimate: int | None = None
    pieces: tuple[sql.Composed, ...] = ()

    def each_piece(self) -> Iterator[Selected]:
        """Yield the pieces as selections of their own, or this one."""
        if not self.pieces:
            yield self
        for rows in self.pieces:
            yield replace(self, rows=rows, pieces=())


def select_table(
    table: Table,
    columns: Sequence[Column],
    masks: Masks,
    *,
    where: sql.Composed | None = None,
    source: sql.Composed | None = None,
    blocks: Iterable[tuple[int | None, int | None]] = (),
) -> Selected:
    """Return the selection of `columns` of a table's rows, masked; `source` replaces the table in FROM.

    It is cut into pieces by ranges of `blocks`.
    """
    used = {column.name: masks.of(table, column) for column in columns}
    shown = [
        sql.SQL("{} AS {}").format(masked(column, used[column.name], masks.key), Name(column.name))
        for column in columns
    ]
    chosen = [sql.SQL("({})").format(where)] if where else []

    def rows(*within: sql.Composed) -> sql.Composed:
        conditions = sql.SQL(" AND ").join((*chosen, *within))
        return sql.SQL("SELECT {} FROM {}{}").format(
            sql.SQL(", ").join(shown),
            source or table.sql,
            sql.SQL(" WHERE {}").format(conditions) if chosen or within else sql.SQL(""),
        )

    return Selected(
        name=str(table.name),
        table=table,
        columns=tuple(columns),
        rows=rows(),
        pieces=tuple(rows(*in_blocks(sql.SQL("ctid"), low, high)) for low, high in blocks),
        masks=tuple(name for name, mask in used.items() if mask != "keep"),
        estimate=None if where or source else table.rows,
    )


def as_objects(selected: Selected, names: Sequence[str] = (), *, comma: bool = False) -> sql.Composed:
    """Compose one JSON object for each row, which never holds a line end; `comma` puts one behind each.

    An array whose subscripts do not begin at 1 becomes PostgreSQL's text, because a JSON array has no place
    for them.
    """
    rows = sql.SQL("SELECT {} FROM ({}) AS r").format(
        sql.SQL(", ").join(_member(column, column.name in names) for column in selected.columns),
        selected.rows,
    )
    # The row is o.*, because o alone could be a column of that name.
    end = sql.SQL("::text || ','") if comma else sql.SQL("")
    return _one_line(
        selected, sql.SQL("SELECT row_to_json(o.*){} AS object FROM ({}) AS o").format(end, rows)
    )


def _one_line(selected: Selected, objects: sql.Composed) -> sql.Composed:
    """Compose objects without line ends: in json those are white space between tokens, and become blanks."""
    if not any(column.base == "json" for column in selected.columns):
        return objects
    return sql.SQL("SELECT translate(object::text, E'\\n\\r', '  ') FROM ({}) AS found").format(objects)


def as_django(selected: Selected, model: str, pk: str, fields: Sequence[tuple[str, str]]) -> sql.Composed:
    """Compose Django's serialization of each row, with a comma; `fields` pairs its names with the columns.

    Decimals are texts there, so that nothing reads them as floats.
    """
    types = {column.name: column for column in selected.columns}
    members = [
        sql.SQL("{} AS {}").format(
            sql.SQL("r.{}::text" if types[column].base == "numeric" else "r.{}").format(Name(column)),
            Name(name),
        )
        for name, column in fields
    ]
    # One call of row_to_json writes all fields. That the object around them is text, not one more record,
    # takes a fifth off the server's time.
    head = f'{{"model":{json.dumps(model, ensure_ascii=False)},"pk":'
    objects = sql.SQL(
        """SELECT concat({}::text, to_json(r.{}), ',"fields":', row_to_json(f.*), '}},') AS object"""
        """ FROM ({}) AS r, LATERAL (SELECT {}) AS f"""
    ).format(sql.Literal(head), Name(pk), selected.rows, sql.SQL(", ").join(members))
    return _one_line(selected, objects)


def _member(column: Column, text: bool) -> sql.Composed:
    name = Name(column.name)
    if text:
        return sql.SQL("r.{0}::text AS {0}").format(name)
    if column.shape.kind == "array":
        return sql.SQL(
            "CASE WHEN r.{0}::text LIKE '[%' THEN to_json(r.{0}::text) ELSE to_json(r.{0}) END AS {0}"
        ).format(name)
    return sql.SQL("r.{}").format(name)


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
