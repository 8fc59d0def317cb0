"""Rows that were put aside: where they stand, what is wrong with them, and the file that tells."""

from __future__ import annotations

import csv
import io
import itertools
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgwright.errors import ImportFailed
from pgwright.formats.batch import quoted
from pgwright.storage import open_file
from pgwright.storage.store import CHUNK

_OTHER_ENCODING = "invalid byte sequence for encoding"
_DUPLICATE = "duplicate key value violates unique constraint"
_IN_MEMORY = 1 << 20  # bytes of rejects before they go to a temporary file


@dataclass(frozen=True, kw_only=True)
class Reject:
    """Describe a row that was refused; `column` and `value` are None where the whole row is at fault."""

    number: int
    reason: str
    column: str | None = None
    value: str | None = None
    record: str = ""


class Rejects:
    """Collect rejects up to a limit, without keeping them in memory: only where each lies is remembered."""

    def __init__(self, *, limit: int, place: str, unit: str) -> None:
        self.count = 0
        self.first: Reject | None = None
        self._limit, self._place, self._unit = limit, place, unit
        self._numbers, self._ends = array("q"), array("q", [0])
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - lives with this object

    def add(self, reject: Reject) -> None:
        """Put a row aside. Raises `ImportFailed` when it is one more than the limit allows."""
        self.count += 1
        if self.first is None or reject.number < self.first.number:
            self.first = reject
        fields = (str(reject.number), reject.column, reject.value, reject.reason, reject.record)
        line = (",".join(quoted(field) for field in fields) + "\n").encode("utf-8", "surrogateescape")
        self._file.write(line)
        self._numbers.append(reject.number)
        self._ends.append(self._ends[-1] + len(line))
        if self.count > self._limit:
            raise self.failure()

    def failure(self) -> ImportFailed:
        """Return the error that names the first row put aside."""
        assert self.first is not None
        first = self.first
        where = f"{self._place}, {self._unit} {first.number}" if first.number else self._place
        if first.column:
            where += f", column {first.column}"
        shown = "" if first.value is None else f": {_short(first.value)}"
        allowed = f"{self.count:,} bad rows, {self._limit:,} allowed; " if self._limit else ""
        mend = "correct the file"
        if _OTHER_ENCODING in first.reason:
            mend = "name the encoding of the file, for example: --encoding latin1"
        elif _DUPLICATE in first.reason:
            mend = "say what becomes of rows whose --key is there already: --on-conflict skip, or update"
        return ImportFailed(
            f"{where}{shown}: {first.reason}",
            detail=f"{allowed}nothing was imported",
            hint=f"{mend}, or put bad rows aside: --max-rejects 1000",
        )

    def save(self, url: str, *, ordered: bool = True) -> None:
        """Write the reject file: line, column, value, reason, record as it was.

        It is `ordered` by line, or has the rows in the order in which they were put aside.
        """
        store, name = open_file(url)
        # What is wrong with a row is found by several ways, one after the other.
        places = sorted(range(self.count), key=self._numbers.__getitem__) if ordered else range(self.count)
        store.put(name, self._lines(places))

    def restore(self, url: str, count: int) -> None:
        """Take up again the first `count` rows of the reject file, put aside by an earlier run for good."""
        store, name = open_file(url)
        if store.stat(name) is None:
            return
        with store.open(name) as file, io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="") as text:
            for number, column, value, reason, record in itertools.islice(csv.reader(text), 1, count + 1):
                values = column or None, value or None
                self.add(
                    Reject(
                        number=int(number), column=values[0], value=values[1], reason=reason, record=record
                    )
                )

    def close(self) -> None:
        """Forget what was collected."""
        self._file.close()

    def _lines(self, places: Iterable[int]) -> Iterator[bytes]:
        yield f"{self._unit},column,value,reason,record\n".encode()
        block = bytearray()
        for place in places:
            self._file.seek(self._ends[place])
            block += self._file.read(self._ends[place + 1] - self._ends[place])
            if len(block) >= CHUNK:
                yield bytes(block)
                block.clear()
        yield bytes(block)


def _short(value: str) -> str:
    return repr(value if len(value) <= 80 else value[:77] + "...")
