"""What a database holds beside rows: positions of sequences, and large objects."""

from __future__ import annotations

from collections.abc import Callable

from psycopg import sql

from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import qualified
from pgwright.pg.sqlfiles import load_sql
from pgwright.verify.result import Checksum, RowDifference, TableResult, Verdict
from pgwright.verify.side import Side

SEQUENCES = "sequences"  # what stands for all of them in a result

_LARGE_OBJECTS = sql.SQL(
    "SELECT count(*), coalesce(sum(pg_catalog.hashtextextended(oid::text || ':'"
    " || pg_catalog.md5(pg_catalog.lo_get(oid)), 1)), 0)::text FROM pg_catalog.pg_largeobject_metadata"
)


def compare_sequences(a: Side, b: Side, chosen: Callable[[ObjectId], bool]) -> TableResult | None:
    """Compare the next value of each sequence that both sides have; None where there are none.

    A sequence that one side lacks is a difference of schemas.
    """
    left, right = _positions(a, chosen), _positions(b, chosen)
    common = sorted(left.keys() & right.keys())
    if not common:
        return None
    rows = tuple(
        RowDifference(key={"sequence": str(name)}, columns={"position": (left[name], right[name])})
        for name in common
        if left[name] != right[name]
    )
    return TableResult(
        name=SEQUENCES, verdict=Verdict.DIFFERENT if rows else Verdict.EQUAL, rows=rows, key=("sequence",)
    )


def _positions(side: Side, chosen: Callable[[ObjectId], bool]) -> dict[QualifiedName, str]:
    with side.session() as conn:
        text = load_sql("pgwright.verify", "sequences", side.major)
        names = [QualifiedName(*row) for row in conn.execute(text.encode())]
        wanted = [name for name in names if chosen(ObjectId("sequence", name))]
        if not wanted:
            return {}
        queries = [
            sql.SQL(
                "SELECT last_value::text || CASE WHEN is_called THEN ' (used)' ELSE '' END FROM {}"
            ).format(qualified(name))
            for name in wanted
        ]
        rows = conn.execute(sql.SQL(" UNION ALL ").join(queries)).fetchall()
    return dict(zip(wanted, (row[0] for row in rows), strict=True))


def compare_large_objects(a: Side, b: Side) -> TableResult | None:
    """Compare all large objects by OID and content; None where neither side has any."""
    sums = [Checksum(rows=rows, sum=total) for side in (a, b) for rows, total in side.fetch(_LARGE_OBJECTS)]
    if not any(checksum.rows for checksum in sums):
        return None
    equal = sums[0] == sums[1]
    return TableResult(
        name="large objects",
        verdict=Verdict.EQUAL if equal else Verdict.DIFFERENT,
        a=sums[0],
        b=sums[1],
        all_named=equal,
    )
