"""What tables held at one moment, small enough to keep in a backup's manifest and compare after a restore."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pgwright.model.selection import Selection
from pgwright.verify.checksum import Extent, merged, start_sums, total
from pgwright.verify.hashing import TEXT, UTF8_TEXT, common_ways
from pgwright.verify.result import Checksum, TableResult, Verdict
from pgwright.verify.side import Side
from pgwright.verify.tables import Table, read_tables


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """Hold the count and the checksum of one table, and how each of its columns was hashed."""

    table: str
    ways: Mapping[str, str]
    checksum: Checksum

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for a manifest."""
        return {
            "table": self.table,
            "rows": self.checksum.rows,
            "sum": self.checksum.sum,
            "ways": dict(self.ways),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Fingerprint:
        """Return what `as_dict` wrote; raises `KeyError` where a part is missing."""
        return cls(
            table=data["table"],
            ways=dict(data["ways"]),
            checksum=Checksum(rows=data["rows"], sum=data["sum"]),
        )


def take_fingerprints(
    url: str,
    *,
    selection: Selection | None = None,
    snapshot: str | None = None,
    jobs: int = 2,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Fingerprint, ...]:
    """Count and sum the tables of the database at `url`, as of `snapshot` or of one of its own.

    Give the snapshot that a dump was taken from, while it is still held, and the two belong together.
    """
    chosen = selection or Selection()
    with Side(url, jobs=jobs, snapshot=snapshot) as side:
        tables = {str(t.name): t for t in _tables(side) if chosen.chooses(t.id)}
        # Whatever the encoding here, the copy may be restored into UTF-8.
        text = TEXT if side.encoding == "UTF8" else UTF8_TEXT
        ways = {name: common_ways(t, t, fast=False, text=text) for name, t in tables.items()}
        return tuple(_sums(side, tables, ways, on_progress))


def compare_fingerprints(
    url: str,
    expected: Collection[Fingerprint],
    *,
    jobs: int = 2,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[TableResult, ...]:
    """Compare the database at `url` with what was written down: A is what was expected, B what is there.

    Only the expected tables and columns are looked at. Rows cannot be named, for nothing is left to compare
    them with.
    """
    with Side(url, jobs=jobs) as side:
        tables = {str(table.name): table for table in _tables(side)}
        present = {e.table: e for e in expected if e.table in tables}
        lost = {
            name: tuple(sorted(e.ways.keys() - tables[name].by_name.keys())) for name, e in present.items()
        }
        ways = {name: e.ways for name, e in present.items() if not lost[name]}
        found = {f.table: f.checksum for f in _sums(side, tables, ways, on_progress)}
    return tuple(_judge(e, found.get(e.table), lost.get(e.table, ())) for e in expected)


def _tables(side: Side) -> tuple[Table, ...]:
    with side.session() as conn:
        return read_tables(conn)


def _sums(
    side: Side,
    tables: Mapping[str, Table],
    ways: Mapping[str, Mapping[str, str]],
    on_progress: Callable[[int, int], None] | None,
) -> Iterable[Fingerprint]:
    started = {
        name: start_sums(side, tables[name], ways[name], Extent())
        for name in sorted(ways, key=lambda name: -tables[name].pages)
    }
    for done, name in enumerate(sorted(ways), start=1):
        checksum = total(merged(started[name]))
        if on_progress is not None:
            on_progress(done, len(ways))
        yield Fingerprint(table=name, ways=ways[name], checksum=checksum)


def _judge(expected: Fingerprint, found: Checksum | None, lost: tuple[str, ...]) -> TableResult:
    if found is None and not lost:
        verdict = Verdict.ONLY_A
    else:
        verdict = Verdict.EQUAL if found == expected.checksum else Verdict.DIFFERENT
    return TableResult(
        name=expected.table,
        verdict=verdict,
        a=expected.checksum,
        b=found,
        ways=expected.ways,
        all_named=verdict is Verdict.EQUAL,
        notes=tuple(f"column {column} is missing" for column in lost),
    )
