"""Buckets that writers have noted: taken from the log, and put together with their neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from pgwright.kinds.timeseries.buckets import bucket_after, bucket_start, may_be_shown_twice
from pgwright.kinds.timeseries.rollup_parts import RollupParts
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal

# More than any clock was ever put back.
_SHIFT = "1 day"


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """Name neighbouring buckets from `lower` to `upper`, both as text; `number` of them.

    Below the floor they are `history`. `ragged` tells that a clock shows their beginning or end twice: a
    bucket then bears the later moment as its name, and has rows from before it.
    """

    lower: str
    upper: str
    number: int = 1
    history: bool = False
    ragged: bool = False

    @property
    def only(self) -> str | None:
        """Return the bucket that all rows between the bounds are in, if there is but one."""
        return self.lower if self.number == 1 and not self.ragged else None

    def with_next(self, other: Buckets) -> Buckets:
        """Return these with those that follow on them."""
        return Buckets(
            lower=self.lower,
            upper=other.upper,
            number=self.number + other.number,
            history=self.history,
            ragged=self.ragged or other.ragged,
        )

    def condition(self, parts: RollupParts) -> sql.Composed:
        """Compose which rows of the source are in these buckets.

        Constants rather than a join: partitions outside of the range are left out while planning.
        """
        between = sql.SQL("{at} >= {lower} AND {at} < {upper}")
        column, lower, upper = Name(parts.column), literal(self.lower), literal(self.upper)
        if not self.ragged:
            return between.format(at=column, lower=lower, upper=upper)
        shift = sql.SQL("interval {}").format(literal(_SHIFT))
        around = between.format(
            at=column,
            lower=sql.SQL("{}::timestamptz - {}").format(lower, shift),
            upper=sql.SQL("{}::timestamptz + {}").format(upper, shift),
        )
        named = between.format(at=parts.bucket_start, lower=lower, upper=upper)
        return sql.SQL("{} AND {}").format(around, named)


def take_buckets(
    conn: Connection[Any], parts: RollupParts, *, below: str | None, above: str | None, limit: int
) -> tuple[Buckets, ...]:
    """Take buckets from the log of a rollup, oldest first: no more than `limit`, or all `below` a moment.

    With `above` these are behind that one.
    """
    key, span = Name(parts.bucket_column), Span.of(parts.bucket)
    lower, upper = sql.SQL("b.lower"), sql.SQL("c.upper")
    if below is None:
        beyond = sql.SQL(" WHERE {} > {}").format(key, literal(above)) if above else sql.SQL("")
        lines = sql.SQL(
            "{key} IN (SELECT DISTINCT {key} FROM {log}{beyond} ORDER BY 1 LIMIT {limit})"
        ).format(key=key, log=parts.log, beyond=beyond, limit=deparsed(str(limit)))
    else:
        lines = sql.SQL("{} < {}").format(key, literal(below))
    ragged: sql.Composable = sql.SQL("false")
    if may_be_shown_twice(span, parts.zone, parts.type):
        before = sql.SQL("({} - interval '1 microsecond')")
        ragged = sql.SQL("{} = {lower} OR {} <> {lower}").format(
            *(bucket_start(before.format(at), span, parts.zone, parts.type) for at in (lower, upper)),
            lower=lower,
        )
    query = sql.SQL(
        "WITH gone AS (DELETE FROM {log} WHERE {lines} RETURNING {key} AS lower) "
        "SELECT b.lower::text, c.upper::text, b.lower < {floor}, {ragged} "
        "FROM (SELECT DISTINCT lower FROM gone) AS b, LATERAL (SELECT {after} AS upper) AS c ORDER BY b.lower"
    ).format(
        log=parts.log,
        lines=lines,
        key=key,
        floor=parts.floor(),
        ragged=ragged,
        after=bucket_after(lower, span, parts.zone, parts.type),
    )
    return tuple(
        Buckets(lower=low, upper=up, history=history, ragged=odd)
        for low, up, history, odd in conn.execute(query).fetchall()
    )


def with_neighbours(buckets: Iterable[Buckets]) -> list[Buckets]:
    """Return buckets, given in the order of time, with those together that follow on each other."""
    joined: list[Buckets] = []
    for bucket in buckets:
        if joined and joined[-1].upper == bucket.lower:
            joined.append(joined.pop().with_next(bucket))
        else:
            joined.append(bucket)
    return joined
