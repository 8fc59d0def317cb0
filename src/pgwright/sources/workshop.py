"""Where sources that are no database are built, and those whose building has begun.

Needs nothing of the database driver: while that is imported, models can be.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pgwright.errors import UsageError
from pgwright.pg.redact import safe_url
from pgwright.sources.registry import SOURCES, preparer

if TYPE_CHECKING:
    from pgwright.server.scratch import ScratchDatabase

_DATABASE_SCHEMES = ("postgresql", "postgres")


class Prepared(Protocol):
    """Be a source that was found and is ready, or gets ready meanwhile, to be built once."""

    def build(self, place: ScratchDatabase) -> None:
        """Make all that the source declares in the scratch database. Raises `SourceError`."""

    def close(self) -> None:
        """Give up what the preparation holds; may be called at any time, and again."""


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Say where sources that are no database are built.

    `root` is the project's folder, from which models are imported and files are found. `scratch` is
    ``embedded`` or the URL of a server for scratch databases; `extensions` are created there first.
    `begun` holds what `ahead` prepares.
    """

    root: Path = field(default_factory=Path.cwd)
    scratch: str = field(default="embedded", repr=False)
    extensions: Sequence[str] = ()
    begun: dict[str, Prepared] = field(default_factory=dict, repr=False, compare=False)

    @contextmanager
    def ahead(self, *specs: str) -> Iterator[None]:
        """Begin to prepare sources that are loaded within the block, each for the first time that it is.

        Raises `UsageError` for an unknown form.
        """
        try:
            for spec in specs:
                if not is_database(spec) and spec not in self.begun:
                    self.begun[spec] = self._prepare(spec)
            yield
        finally:
            while self.begun:
                self.begun.popitem()[1].close()

    def prepared(self, spec: str) -> Prepared:
        """Return a source to be built once: the one that was begun, or a new one."""
        return self.begun.pop(spec, None) or self._prepare(spec)

    def _prepare(self, spec: str) -> Prepared:
        scheme, rest = _parse(spec)
        prepared: Prepared = preparer(scheme)(rest, root=self.root)
        return prepared


def is_database(spec: str) -> bool:
    """Tell whether a specification names a live database: a URL or libpq's keywords."""
    scheme = spec.partition(":")[0].partition("+")[0]
    keywords = "=" in spec.partition(" ")[0] and ":" not in spec.partition("=")[0]
    return (scheme in _DATABASE_SCHEMES and "://" in spec) or keywords


def _parse(spec: str) -> tuple[str, str]:
    if spec.endswith(".sql") and not spec.startswith("file:"):
        return "file", spec
    scheme, colon, rest = spec.partition(":")
    if not colon or scheme not in SOURCES:
        near = difflib.get_close_matches(scheme, SOURCES, n=1)
        examples = [source.example for source in SOURCES.values()]
        raise UsageError(
            f"unknown source {safe_url(spec)!r}",
            detail=f"a source is the URL of a database, or, for example, {', '.join(examples)}",
            hint=f"did you mean {near[0]}:{rest or '…'}" if near else f"write, for example, {examples[0]}",
        )
    if not rest:
        raise UsageError(
            f"the source {spec} does not say which",
            hint=f"write, for example, {SOURCES[scheme].example}",
        )
    return scheme, rest
