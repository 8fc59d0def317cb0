"""What a database holds and no kind reads: it is named, so that nobody believes it was compared."""

from __future__ import annotations

from collections.abc import Iterator

from pgwright.kinds.contract import Reading
from pgwright.model.catalog import Unhandled


def unhandled(reading: Reading) -> Iterator[Unhandled]:
    """Yield what the given schemas and the database hold outside of every kind and extension."""
    for r in reading.rows("unhandled"):
        yield Unhandled(what=r.what, name=r.name)
