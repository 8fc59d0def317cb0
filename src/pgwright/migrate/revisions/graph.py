"""Revisions on disk as a graph, whatever tool wrote them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from pgwright.errors import SourceError


@dataclass(frozen=True, kw_only=True)
class Revision:
    """Describe one migration file.

    `parents` are the revisions that must come before it; `replaces` those that it stands for (squashed).
    `message` is its own first line.
    """

    id: str
    parents: tuple[str, ...]
    message: str
    path: Path
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Revisions:
    """Hold the revisions of a project by id.

    `unread` names places whose revisions could not be read (a package that is not installed here).
    """

    by_id: Mapping[str, Revision]
    unread: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise `SourceError` for revisions that no order can hold."""
        try:
            TopologicalSorter({id: self.by_id[id].parents for id in sorted(self.by_id)}).prepare()
        except CycleError as exc:
            circle = exc.args[1]
            raise SourceError(
                f"migrations follow one another in a circle: {', '.join(circle)}",
                detail="; ".join(str(self.by_id[id].path) for id in circle[1:]),
                hint="correct down_revision, or dependencies, in one of these files",
            ) from exc

    @property
    def heads(self) -> tuple[str, ...]:
        """Return the revisions that no other one follows, sorted."""
        followed = {parent for id in self.by_id for parent in self.before(id)}
        return tuple(sorted(id for id in self.by_id if id not in followed and id not in self._squashed))

    def before(self, id: str) -> tuple[str, ...]:
        """Return the parents of a revision, and those that stand for parents that were squashed."""
        found = dict.fromkeys(self.by_id[id].parents)
        waiting = list(found)
        while waiting:
            for name in self._squashed.get(waiting.pop(), ()):
                if name not in found and name != id:
                    found[name] = None
                    waiting.append(name)
        return tuple(found)

    def is_squashed(self, id: str) -> bool:
        """Tell whether another revision stands for this one; it need not be on disk."""
        return id in self._squashed

    def ancestors(self, ids: Collection[str]) -> frozenset[str]:
        """Return `ids` and all that comes before them, as far as it is known."""
        found: set[str] = set()
        waiting = [id for id in ids if id in self.by_id]
        while waiting:
            id = waiting.pop()
            if id not in found:
                found.add(id)
                waiting.extend(parent for parent in self.before(id) if parent in self.by_id)
        return frozenset(found)

    def in_order(self, ids: Collection[str]) -> tuple[Revision, ...]:
        """Return the revisions of `ids`, each after those that it needs."""
        return tuple(self.by_id[id] for id in self._sorted if id in ids)

    @cached_property
    def _squashed(self) -> Mapping[str, tuple[str, ...]]:
        """Return, for each revision that was squashed, those that stand for it."""
        found: dict[str, tuple[str, ...]] = {}
        for revision in self.by_id.values():
            for name in revision.replaces:
                found[name] = (*found.get(name, ()), revision.id)
        return found

    @cached_property
    def _sorted(self) -> tuple[str, ...]:
        done: dict[str, None] = {}
        begun: set[str] = set()

        def visit(start: str) -> Iterator[str]:
            # Depth first without recursion: projects have thousands of revisions.
            stack = [(start, False)]
            while stack:
                id, ready = stack.pop()
                if id in done or id not in self.by_id:
                    continue
                if ready:
                    yield id
                    continue
                if id in begun:
                    # A squashed migration may follow what follows a part of it: there the old ones are run.
                    continue
                begun.add(id)
                stack.append((id, True))
                stack.extend((parent, False) for parent in reversed(self.before(id)))

        for id in sorted(self.by_id):
            for found in visit(id):
                done[found] = None
        return tuple(done)
