"""How rows are divided to find the ones that differ: by ranges of a key of integers, else by a hash.

Both sides put a row into the same bucket whatever their version, order or collation, so only the rows of
buckets whose checksums differ have to be looked at one by one.

Summing by buckets costs little where rows of a bucket lie together: by ranges of a key, in a table that lies
in the order of that key. Elsewhere every row meets another bucket's sum, which takes three times as long as
one sum for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from psycopg import sql

from pgwright.pg.quoting import Name
from pgwright.verify.hashing import row_hash
from pgwright.verify.side import Side
from pgwright.verify.tables import Table

_ROWS_PER_BUCKET = 128
_MOST_BUCKETS = 65_536
_INTEGERS = frozenset({"int2", "int4", "int8"})
_INT8 = (-(1 << 63), (1 << 63) - 1)
_WORTH_DIVIDING = 100_000  # rows; fewer are read a second time in no time

Sums: TypeAlias = dict[int, tuple[int, int]]  # number of rows and sum of their hashes, by bucket


@dataclass(frozen=True, kw_only=True)
class Division:
    """Divide the rows of a table: `width` keys of `column` to a bucket, or by `mask` bits of a hash.

    `ways` say what is hashed: the key, or all columns of a table without one. A `mask` of 0 is one bucket.
    """

    ways: Mapping[str, str]
    mask: int
    column: str | None = None
    width: int = 1

    @property
    def whole(self) -> bool:
        """Tell whether all rows are in one bucket."""
        return self.column is None and self.mask == 0

    @property
    def bucket(self) -> sql.Composed:
        """Compose the bucket of a row of ``t``, a bigint."""
        if self.column is None:
            return sql.SQL("({} & {}::bigint)").format(row_hash(self.ways), self.mask)
        return sql.SQL("(t.{}::bigint / {}::bigint)").format(Name(self.column), self.width)

    def join(self, buckets: Sequence[int]) -> sql.Composed:
        """Compose the join that keeps the rows of ``t`` in the buckets.

        A join, because before 14 the server compares ``= ANY`` value by value.
        """
        return sql.SQL("JOIN {} ON {}").format(*self.chosen(buckets))

    def chosen(self, buckets: Sequence[int]) -> tuple[sql.Composed, sql.Composed]:
        """Compose a list of the buckets, and the condition under which a row of ``t`` is in one of them."""
        if self.column is None:
            listed = sql.SQL("unnest({}::bigint[]) AS r(bucket)").format(list(buckets))
            return listed, sql.SQL("r.bucket = {}").format(self.bucket)
        # Ranges instead of the division, so that an index finds them; bucket 0 lies on both sides of zero.
        lows = [self.width * bucket if bucket > 0 else self.width * (bucket - 1) + 1 for bucket in buckets]
        highs = [self.width * (bucket + 1) - 1 if bucket >= 0 else self.width * bucket for bucket in buckets]
        listed = sql.SQL("unnest({}::bigint[], {}::bigint[]) AS r(low, high)").format(
            [max(low, _INT8[0]) for low in lows], [min(high, _INT8[1]) for high in highs]
        )
        return listed, sql.SQL("t.{} BETWEEN low AND high").format(Name(self.column))


WHOLE = Division(ways={}, mask=0)


def divide_first(a: Side, b: Side, tables: tuple[Table, Table], ways: Mapping[str, str]) -> Division:
    """Choose how to divide two tables that may be equal: not at all, unless that costs next to nothing."""
    rows = max(table.rows for table in tables)
    if rows < _WORTH_DIVIDING or not all(table.ordered for table in tables):
        return WHOLE
    division = divide(a, b, tables, ways, rows)
    return WHOLE if division.column is None else division


def divide(a: Side, b: Side, tables: tuple[Table, Table], ways: Mapping[str, str], rows: int) -> Division:
    """Choose how to divide two tables of about `rows` rows; `ways` are those of all common columns."""
    key = common_key(*tables)
    mask = (1 << max(0, min(rows // _ROWS_PER_BUCKET, _MOST_BUCKETS) - 1).bit_length()) - 1
    if len(key) == 1 and all(t.by_name[key[0]].base in _INTEGERS for t in tables):
        query = "SELECT min(t.{c})::bigint, max(t.{c})::bigint FROM {}"
        ends = [
            end
            for side, table in zip((a, b), tables, strict=True)
            for end in side.fetch(sql.SQL(query).format(table.relation, c=Name(key[0])))[0]
            if end is not None
        ]
        width = max(1, (max(ends) - min(ends)) // (mask + 1) + 1) if ends else 1
        return Division(ways=ways, mask=mask, column=key[0], width=width)
    hashed = {name: ways[name] for name in key} if key else ways
    return Division(ways=hashed, mask=mask)


def common_key(a: Table, b: Table) -> tuple[str, ...]:
    """Return the key by which rows of the two tables are told apart; () where they share none."""
    key = a.key or b.key
    return key if all(name in a.by_name and name in b.by_name for name in key) else ()


def differing_buckets(a: Sums, b: Sums) -> dict[int, int]:
    """Return the buckets that differ, each with the rows of the larger side."""
    return {
        bucket: max(a.get(bucket, (0, 0))[0], b.get(bucket, (0, 0))[0])
        for bucket in a.keys() | b.keys()
        if a.get(bucket) != b.get(bucket)
    }
