"""Rows for COPY in text format, and the world that all of them are drawn from."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

SEED = 20250719
DAYS = 456

Value = str | int | float | bool | bytes | datetime | dict[str, object] | None

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some rows of one table, as one block of COPY text."""

    table: str
    columns: tuple[str, ...]
    text: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class World:
    """What determines every row: the seed, the amount, and the day that history ends before."""

    seed: int = SEED
    scale: float = 1.0
    anchor: datetime

    @property
    def start(self) -> datetime:
        """Return the first moment of the history."""
        return self.anchor - timedelta(days=DAYS)

    def amount(self, full: int, *, least: int = 1) -> int:
        """Return how many rows to make of what has `full` rows at scale 1."""
        return max(least, round(full * self.scale))

    def random(self, topic: str) -> random.Random:
        """Return a generator for one topic, so that a new table leaves the others as they were."""
        return random.Random(f"{self.seed}:{topic}")  # noqa: S311 - data, not secrets


def today() -> datetime:
    """Return the start of the current UTC day."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def new_id(rng: random.Random) -> str:
    """Return a version-4 UUID from the generator."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def line(*values: Value) -> str:
    """Return one row of COPY text, without its newline."""
    return "\t".join(map(_field, values))


def batches(
    table: str, columns: tuple[str, ...], rows: Iterable[tuple[Value, ...]], *, size: int = 5000
) -> Iterator[Batch]:
    """Cut rows into batches of at most `size` rows."""
    source = iter(rows)
    while part := tuple(islice(source, size)):
        yield Batch(
            table=table,
            columns=columns,
            text="".join(line(*row) + "\n" for row in part),
            rows=len(part),
        )


def _field(value: Value) -> str:
    match value:
        case None:
            field = "\\N"
        case str():
            field = value.translate(_ESCAPES)
        case bool():
            field = "t" if value else "f"
        case bytes():
            field = "\\\\x" + value.hex()
        case datetime():
            field = value.isoformat()
        case dict():
            field = json.dumps(value, sort_keys=True).translate(_ESCAPES)
        case _:
            field = str(value)
    return field
