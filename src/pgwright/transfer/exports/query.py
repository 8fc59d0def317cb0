"""The rows of a user's query, masked by where its columns come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import Connection, sql
from psycopg.pq.abc import PGresult

from pgwright.errors import MaskUnfollowed, UsageError
from pgwright.formats.shape import Shape
from pgwright.model.wording import shortened
from pgwright.pg.quoting import Name, typed
from pgwright.transfer.exports.lineage import Lineage, Origin, Reads, is_computed
from pgwright.transfer.exports.masks import Masks, masked, require_columns, require_columns_of
from pgwright.transfer.exports.select import Selected
from pgwright.transfer.tables import Column, Table, read_tables

_TYPES = """
SELECT format_type(oid, mod), typname::text,
    CASE WHEN typcategory = 'A' THEN 'array'
        WHEN typtype = 'c' OR typname = 'record' THEN 'composite' ELSE 'scalar' END
FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS shown (type, mod, place)
JOIN pg_catalog.pg_type ON oid = type
ORDER BY place
"""


def select_query(conn: Connection[Any], query: str, masks: Masks) -> Selected:
    """Return the selection of a query's rows.

    A column that shows one of a table is masked as that is, also through views. Raises `MaskUnfollowed` for
    one that may show what is masked in a way that nobody can follow, unless `masks` has a rule for it by its
    own name; `UsageError` for two columns of one name.
    """
    asked = typed(query.strip().rstrip(";"))
    cursor = conn.execute(sql.SQL("SELECT * FROM {} AS q LIMIT 0").format(asked))
    described = cursor.pgresult
    assert described is not None
    columns = _columns(conn, described)
    names = [column.name for column in columns]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise UsageError(f"the query has two columns {min(repeated)}", hint="give them names with AS")
    lineage = Lineage(conn)
    origins = dict(zip(names, lineage.origins(described), strict=True))
    used = {column.name: masks.of_shown(column, origins[column.name]) for column in columns}
    if not masks.off:
        _require_known(conn, masks, columns, origins)
        _require_followed(
            conn, lineage, asked, masks, {n: origins[n] for n, mask in used.items() if not mask}
        )
    shown = [
        sql.SQL("{} AS {}").format(_masked(column, used[column.name], masks, origins), Name(column.name))
        for column in columns
    ]
    return Selected(
        name="query",
        table=None,
        columns=columns,
        rows=sql.SQL("SELECT {} FROM {} AS q").format(sql.SQL(", ").join(shown), asked),
        masks=tuple(name for name, mask in used.items() if mask not in (None, "keep")),
    )


def _columns(conn: Connection[Any], described: PGresult) -> tuple[Column, ...]:
    places = range(described.nfields)
    types = conn.execute(
        _TYPES, [[described.ftype(at) for at in places], [described.fmod(at) for at in places]]
    ).fetchall()
    names = [(described.fname(at) or b"").decode() for at in places]
    return tuple(
        Column(number=at, name=name, type=type_, base=base, shape=Shape(kind=kind))
        for at, (name, (type_, base, kind)) in enumerate(zip(names, types, strict=True), 1)
    )


def _masked(column: Column, mask: str | None, masks: Masks, origins: Mapping[str, Origin]) -> sql.Composable:
    origin = origins[column.name]
    # The mask is that of the table's column, whatever it is called here, so that both still join.
    return masked(column, mask or "keep", masks.key, called=origin[-1][1].name if origin else column.name)


def _require_known(
    conn: Connection[Any], masks: Masks, columns: Sequence[Column], origins: Mapping[str, Origin]
) -> None:
    """Refuse rules for columns that are not there: what they were meant for would go unmasked."""
    met = {table.oid: table for origin in origins.values() for table, _ in origin}
    require_columns_of(masks.rules, met.values())
    if masks.asked:
        tables: list[Table] = [*read_tables(conn), *met.values()]
        require_columns(masks.asked, tables, shown=[column.name for column in columns])


def _require_followed(
    conn: Connection[Any],
    lineage: Lineage,
    query: sql.Composed,
    masks: Masks,
    unsaid: Mapping[str, Origin],
) -> None:
    """Raise `MaskUnfollowed` for columns, of which no rule says anything, that may show what is masked."""
    computed = {name: origin for name, origin in unsaid.items() if is_computed(origin)}
    if not computed:
        return
    tables = read_tables(conn)
    masked_here = Reads(columns=tuple(((t, c),) for t in tables for c in t.columns), functions=())
    hidden: dict[str, list[str]] = {}
    whole = lineage.reads(query) or masked_here if not all(computed.values()) else None
    for name, origin in computed.items():
        reads = lineage.behind(origin) if origin else whole
        assert reads is not None
        found = _masked_of(reads, masks)
        if reads.functions and _masked_of(masked_here, masks):
            found += [f"{function}, which may read anything" for function in reads.functions]
        if found:
            hidden[name] = found
    if hidden:
        behind = dict.fromkeys(text for found in hidden.values() for text in found)
        raise MaskUnfollowed(
            f"the query computes {', '.join(hidden)}, and what is masked may show there",
            detail=f"it reads {shortened(behind)}; no file was written",
            hint="say what each of them is to be, keep where it shows nothing personal: "
            + " ".join(f"--mask {name}=hash" for name in hidden)
            + "; or write everything as it is: --unmasked",
        )


def _masked_of(reads: Reads, masks: Masks) -> list[str]:
    return [
        f"{table.name}.{column.name}"
        for origin in reads.columns
        if masks.told(origin) not in (None, "keep")
        for table, column in origin[-1:]
    ]
