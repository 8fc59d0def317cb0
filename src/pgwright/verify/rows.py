"""The very rows that differ, and in which columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from psycopg import sql

from pgwright.pg.quoting import Name, deparsed
from pgwright.verify.buckets import Division, Sums, common_key, differing_buckets, divide
from pgwright.verify.checksum import Extent, merged, start_sums, total
from pgwright.verify.hashing import row_hash
from pgwright.verify.result import Checksum, RowDifference, Verdict
from pgwright.verify.side import Side
from pgwright.verify.tables import Table

_ROWS_AT_ONCE = 50_000  # of each side in memory, unless a single bucket holds more

T = TypeVar("T")
Texts: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Hold the two sides of one table, and how its rows are chosen and hashed.

    Each side works in `jobs` sessions.
    """

    sides: tuple[Side, Side]
    tables: tuple[Table, Table]
    ways: Mapping[str, str]
    extent: Extent
    jobs: int

    def start_sums(self, division: Division, *, pieces: int | None = None) -> list[list[Future[Sums]]]:
        """Start summing both tables by the buckets of `division`."""
        return [
            start_sums(side, table, self.ways, self.extent, division=division, pieces=pieces)
            for side, table in zip(self.sides, self.tables, strict=True)
        ]

    def both(self, ask: Callable[[Side, Table], T]) -> tuple[T, T]:
        """Ask both sides at once."""
        a, b = [side.submit(ask, side, table) for side, table in zip(self.sides, self.tables, strict=True)]
        return a.result(), b.result()


@dataclass(frozen=True, kw_only=True)
class Summed:
    """Hold the checksums of the two sides, and the buckets of `division` that differ.

    `suspects` maps each to its number of rows on the larger side.
    """

    a: Checksum
    b: Checksum
    division: Division
    suspects: Mapping[int, int]

    @classmethod
    def of(cls, division: Division, a: Sums, b: Sums) -> Summed:
        """Compare the sums of the two sides."""
        return cls(a=total(a), b=total(b), division=division, suspects=differing_buckets(a, b))


def sum_by(pair: Pair, division: Division) -> Summed:
    """Sum both tables by the buckets of `division`, in as many pieces as there are sessions."""
    a, b = pair.start_sums(division, pieces=pair.jobs)
    return Summed.of(division, merged(a), merged(b))


def differing_rows(pair: Pair, summed: Summed, *, limit: int) -> tuple[tuple[RowDifference, ...], bool]:
    """Name up to `limit` rows that differ, and tell whether those are all.

    The tables are read again by finer buckets where they were `summed` as wholes. Memory stays bounded: only
    rows of buckets that differ are looked at, a few at a time.
    """
    if summed.division.whole:
        rows = max(summed.a.rows, summed.b.rows)
        division = divide(*pair.sides, pair.tables, pair.ways, rows)
        if not division.whole:
            summed = sum_by(pair, division)
    name = _by_key if common_key(*pair.tables) else _by_content
    found: list[RowDifference] = []
    for buckets in _batches(summed.suspects):
        found.extend(name(pair, summed.division, buckets, limit - len(found) + 1))
        if len(found) > limit:
            return tuple(found[:limit]), False
    return tuple(found), True


def _batches(suspects: Mapping[int, int]) -> Iterator[list[int]]:
    """Group buckets so that each group has a bounded number of rows."""
    batch: list[int] = []
    rows = 0
    for bucket in sorted(suspects):
        if batch and rows + suspects[bucket] > _ROWS_AT_ONCE:
            yield batch
            batch, rows = [], 0
        batch.append(bucket)
        rows += suspects[bucket]
    if batch:
        yield batch


def _by_key(pair: Pair, division: Division, buckets: Sequence[int], limit: int) -> Iterator[RowDifference]:
    key = common_key(*pair.tables)
    query = sql.SQL("SELECT {}, {} FROM {} {}{}")

    def hashes(side: Side, table: Table) -> Counter[tuple[object, ...]]:
        return Counter(
            side.fetch(
                query.format(
                    _texts(key),
                    row_hash(pair.ways),
                    table.relation,
                    division.join(buckets),
                    pair.extent.where,
                )
            )
        )

    a, b = pair.both(hashes)
    keys = sorted({row[:-1] for row in (a - b).keys() | (b - a).keys()}, key=_in_order)[:limit]
    if not keys:
        return
    columns = [name for name in pair.ways if name not in key]
    left, right = pair.both(lambda side, table: _contents(side, table, key, columns, keys))
    for values in keys:
        yield from _compare(dict(zip(key, values, strict=True)), columns, left[values], right[values])


def _contents(
    side: Side, table: Table, key: Sequence[str], columns: Sequence[str], keys: Sequence[tuple[object, ...]]
) -> dict[tuple[object, ...], Counter[Texts]]:
    """Return the other columns' texts of the rows that have one of the keys."""
    lists = sql.SQL(", ").join(
        sql.SQL("%s::text[]::{}[]").format(deparsed(table.by_name[name].type)) for name in key
    )
    places = sql.SQL(", ").join(sql.Identifier(f"k{place}") for place in range(len(key)))
    same = sql.SQL(" AND ").join(
        sql.SQL("t.{} = wanted.{}").format(Name(name), sql.Identifier(f"k{place}"))
        for place, name in enumerate(key)
    )
    query = sql.SQL("SELECT {} FROM {} JOIN unnest({}) AS wanted({}) ON {}").format(
        _texts([*key, *columns]), table.relation, lists, places, same
    )
    result: dict[tuple[object, ...], Counter[Texts]] = {values: Counter() for values in keys}
    for row in side.fetch(query, [list(values) for values in zip(*keys, strict=True)]):
        if row[: len(key)] in result:
            result[row[: len(key)]][row[len(key) :]] += 1
    return result


def _compare(
    key: Mapping[str, object], columns: Sequence[str], a: Counter[Texts], b: Counter[Texts]
) -> Iterator[RowDifference]:
    named = {name: str(value) for name, value in key.items()}
    if a.total() == b.total() == 1:
        ((left, right),) = zip(a, b, strict=True)
        differing = {
            name: (old, new) for name, old, new in zip(columns, left, right, strict=True) if old != new
        }
        # Hashes may differ where texts do not: PostgreSQL may hash a type otherwise in another version.
        if differing:
            yield RowDifference(key=named, columns=differing)
        return
    yield from _one_sided((a - b).total(), named, Verdict.ONLY_A)
    yield from _one_sided((b - a).total(), named, Verdict.ONLY_B)


def _one_sided(copies: int, key: Mapping[str, str | None], where: Verdict) -> Iterator[RowDifference]:
    if copies:
        yield RowDifference(key=key, where=where, copies=copies)


def _by_content(
    pair: Pair, division: Division, buckets: Sequence[int], limit: int
) -> Iterator[RowDifference]:
    """Compare rows that no key tells apart: which contents does one side have more often?"""
    hashed = row_hash(pair.ways)
    # A table may have no columns at all, and rows nevertheless.
    columns = sql.SQL("").join(sql.SQL(", ") + text for text in _each_text(pair.ways))

    def copies(side: Side, table: Table) -> Counter[int]:
        query = sql.SQL("SELECT {}, count(*) FROM {} {}{} GROUP BY 1").format(
            hashed, table.relation, division.join(buckets), pair.extent.where
        )
        return Counter(dict(side.fetch(query)))

    a, b = pair.both(copies)
    for more, side, table, where in (
        (a - b, pair.sides[0], pair.tables[0], Verdict.ONLY_A),
        (b - a, pair.sides[1], pair.tables[1], Verdict.ONLY_B),
    ):
        wanted = sorted(more)[:limit]
        if not wanted:
            continue
        query = sql.SQL(
            "SELECT DISTINCT ON (h) h{} FROM (SELECT *, {} AS h FROM {}{}) t"
            " JOIN unnest({}::bigint[]) AS wanted(w) ON w = h"
        ).format(columns, hashed, table.relation, pair.extent.where, wanted)
        for found, *texts in side.fetch(query):
            yield from _one_sided(more[found], dict(zip(pair.ways, texts, strict=True)), where)


def _in_order(key: tuple[object, ...]) -> list[tuple[int, str]]:
    """Order short texts first: numbers come in their own order."""
    return [(len(str(value)), str(value)) for value in key]


def _texts(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(_each_text(names))


def _each_text(names: Iterable[str]) -> Iterator[sql.Composed]:
    return (sql.SQL("t.{}::text").format(Name(name)) for name in names)
