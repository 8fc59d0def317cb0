"""The statements that bring staged rows into the table."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from pgwright.pg.quoting import Name, render
from pgwright.transfer.imports.prepare import Prepared
from pgwright.transfer.imports.request import Conflict
from pgwright.transfer.imports.staging import LINE, STAGING
from pgwright.transfer.imports.update import key_columns, on_conflict
from pgwright.transfer.tables import Key

IN_TURN = sql.Identifier("pg_temp", "pgwright_in_turn")
_ORDER = sql.SQL("ctid")  # rows of a staging table lie in the order in which they came
_OFTEN = sql.Identifier("pgwright often")
_ROW = sql.Identifier("pgwright row")


@dataclass(frozen=True, kw_only=True)
class Span:
    """Restrict a merge to the rows that begin in these lines, both included."""

    first: int
    last: int


def has_turns(prepared: Prepared) -> bool:
    """Tell whether rows of one key are tried one after another: which of them wins, only a condition says."""
    return prepared.request.where is not None and prepared.key is not None


def statement_of(prepared: Prepared, rows: sql.Composable) -> sql.Composed:
    """Compose the INSERT of `rows`, a query or VALUES, with what becomes of those that conflict."""
    always = any(column.identity == "a" for column in prepared.columns)
    return sql.SQL("INSERT INTO {} ({}){} {}{}").format(
        prepared.table.sql,
        _columns(prepared),
        sql.SQL(" OVERRIDING SYSTEM VALUE" if always else ""),
        rows,
        on_conflict(prepared.request, prepared.key, prepared.columns),
    )


def rows_of(prepared: Prepared, span: Span | None = None) -> sql.Composed:
    """Compose the query of the rows that go in at once: of each key no more than one that could update."""
    key, columns = prepared.key, _columns(prepared)
    if key is None:
        return sql.SQL("SELECT {} FROM {} AS s{} ORDER BY {}").format(columns, STAGING, within(span), _ORDER)
    if has_turns(prepared):
        return sql.SQL("{} = 1 ORDER BY {}").format(_by_often(prepared, key, span), key_columns(key))
    if prepared.request.conflict is not Conflict.UPDATE:
        # Sorted by the key, so that neighbours in the index come one after another.
        return sql.SQL("SELECT {} FROM {} AS s{} ORDER BY {}, {}").format(
            columns, STAGING, within(span), key_columns(key), _ORDER
        )
    return sql.SQL("SELECT DISTINCT ON ({0}) {1} FROM {2} AS s{3} ORDER BY {0}, {4} DESC").format(
        _distinct(prepared, key), columns, STAGING, within(span), _ORDER
    )


def rows_in_turn(prepared: Prepared, span: Span | None = None) -> sql.Composed:
    """Compose the query of the rows whose key stands in the file several times, in the order of the file."""
    assert prepared.key is not None
    return sql.SQL("{} > 1 ORDER BY {}").format(_by_often(prepared, prepared.key, span), _ORDER)


def function_in_turn(prepared: Prepared, rows: sql.Composed, *, telling: bool) -> sql.Composed:
    """Compose the function `IN_TURN`, which brings `rows` one by one.

    It returns how many of them were inserted, where it is `telling`, and how many were written.
    """
    values = sql.SQL(", ").join(
        sql.SQL("{}.{}").format(_ROW, Name(column.name)) for column in prepared.columns
    )
    body = sql.SQL(
        "#variable_conflict use_column\n"  # the user's expressions may name columns as variables here
        "DECLARE {row} record; fresh boolean;\n"
        "BEGIN inserted := 0; changed := 0;\n"
        "FOR {row} IN {rows} LOOP\n"
        "{insert}{returning};\n"
        "IF FOUND THEN changed := changed + 1; IF fresh THEN inserted := inserted + 1; END IF; END IF;\n"
        "END LOOP; END"
    ).format(
        row=_ROW,
        rows=rows,
        insert=statement_of(prepared, sql.SQL("VALUES ({})").format(values)),
        returning=sql.SQL(" RETURNING xmax = 0 INTO fresh" if telling else ""),
    )
    return sql.SQL(
        "CREATE OR REPLACE FUNCTION {}(OUT inserted bigint, OUT changed bigint) LANGUAGE plpgsql AS {}"
    ).format(IN_TURN, sql.Literal(render(body)))


def within(span: Span | None) -> sql.Composed:
    """Compose the condition of the lines of a span."""
    if span is None:
        return sql.SQL("").format()
    return sql.SQL(" WHERE {} BETWEEN {} AND {}").format(
        LINE, sql.Literal(span.first), sql.Literal(span.last)
    )


def _columns(prepared: Prepared) -> sql.Composed:
    return sql.SQL(", ").join(Name(column.name) for column in prepared.columns)


def _by_often(prepared: Prepared, key: Key, span: Span | None) -> sql.Composed:
    """Compose the query of rows up to its condition on how often their key stands in the file."""
    return sql.SQL(
        "SELECT {0} FROM (SELECT {0}, ctid, count(*) OVER (PARTITION BY {1}) AS {2} FROM {3} AS s{4}) AS s"
        " WHERE {2}"
    ).format(_columns(prepared), _distinct(prepared, key), _OFTEN, STAGING, within(span))


def _distinct(prepared: Prepared, key: Key) -> sql.Composed:
    """Compose what makes rows the same: nulls never conflict with one another, so each stands alone."""
    parts: list[sql.Composable] = [Name(column) for column in key.columns]
    nullable = [Name(column) for column in key.columns if not prepared.table.by_name[column].not_null]
    if nullable:
        any_null = sql.SQL(" OR ").join(sql.SQL("{} IS NULL").format(column) for column in nullable)
        parts.append(sql.SQL("CASE WHEN {} THEN ctid END").format(any_null))
    return sql.SQL(", ").join(parts)
