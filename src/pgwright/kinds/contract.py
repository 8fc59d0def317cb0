"""What every kind of database object provides, and what it is given.

A kind is one module with a frozen dataclass, a query beside it, and functions that say how
to read, create, alter and drop it. The reader and the planner know no kinds: they call these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pgwright.model.catalog import Catalog, CatalogObject, ServerFacts
from pgwright.model.change import Change, Op
from pgwright.model.names import ObjectId
from pgwright.model.plan import Step

if TYPE_CHECKING:
    from psycopg import sql

    from pgwright.kinds.timeseries.chunked import Chunks
    from pgwright.kinds.timeseries.policy_records import Record


class SystemCatalog(IntEnum):
    """Name the system catalogs by the OIDs that `pg_depend.classid` holds; they never change."""

    AM = 2601
    ATTRDEF = 2604
    CAST = 2605
    CLASS = 1259
    COLLATION = 3456
    CONSTRAINT = 2606
    CONVERSION = 2607
    DEFAULT_ACL = 826
    EVENT_TRIGGER = 3466
    EXTENSION = 3079
    FOREIGN_DATA_WRAPPER = 2328
    FOREIGN_SERVER = 1417
    LANGUAGE = 2612
    NAMESPACE = 2615
    OPCLASS = 2616
    OPERATOR = 2617
    OPFAMILY = 2753
    POLICY = 3256
    PROC = 1255
    PUBLICATION = 6104
    PUBLICATION_NAMESPACE = 6237
    PUBLICATION_REL = 6106
    REWRITE = 2618
    STATISTIC_EXT = 3381
    TRANSFORM = 3576
    TRIGGER = 2620
    TS_CONFIG = 3602
    TS_DICT = 3600
    TS_PARSER = 3601
    TS_TEMPLATE = 3764
    TYPE = 1247
    USER_MAPPING = 1418


_CLASS = int(SystemCatalog.CLASS)


class Address(NamedTuple):
    """Point at a row of a system catalog, as `pg_depend` does; `subid` is a column's number."""

    classid: int
    objid: int
    subid: int = 0


class Found(NamedTuple):
    """Pair an object with every address that stands for it.

    A table, for example, is also its row type and that type's array: what depends on
    one of these depends on the table.
    """

    object: CatalogObject
    addresses: tuple[Address, ...]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Give a kind's `read` its rows and what the kinds before it have found.

    `schemas` are the namespaces to read. `ids` maps addresses of what was found so far to identities. `rows`
    returns the rows of ``<name>.sql`` of this package: named tuples, with columns as in its header. `records`
    is what is declared about tables over time, `chunks` what TimescaleDB does with a table, by its OID.
    """

    server: ServerFacts
    schemas: tuple[str, ...]
    ids: Mapping[Address, ObjectId]
    rows: Callable[[str], list[Any]]
    records: tuple[Record, ...] = ()
    chunks: Mapping[int, Chunks] = field(default_factory=dict)

    def defined(self, name: str) -> Iterator[Any]:
        """Yield the rows of a query without those of objects that were dropped since the snapshot was taken.

        PostgreSQL still lists them there, and deparses no definition any more.
        """
        return (row for row in self.rows(name) if row.definition is not None)

    def column_names(self, relid: int, numbers: Iterable[int]) -> tuple[str, ...]:
        """Return the names of a relation's columns by their numbers; 0, an expression, is left out."""
        ids = self.ids
        # A plain tuple finds an Address, and is made in a tenth of the time.
        found = [ids.get((_CLASS, relid, number)) for number in numbers if number]  # type: ignore[call-overload]
        return tuple([id.name.name for id in found if id is not None])

    def id_of(self, classid: int, objid: int, subid: int = 0) -> ObjectId | None:
        """Return the identity behind an address; a column that is not listed counts as its table."""
        get = self.ids.get
        return get((classid, objid, subid)) or get((classid, objid, 0))  # type: ignore[call-overload, no-any-return]


def reached(start: ObjectId, further: Callable[[ObjectId], Iterable[ObjectId]]) -> tuple[ObjectId, ...]:
    """Return what can be reached from `start` by the steps of `further`, each once, `start` first."""
    found: dict[ObjectId, None] = {start: None}
    waiting = [start]
    for at in waiting:
        new = [id for id in dict.fromkeys(further(at)) if id not in found]
        found.update(dict.fromkeys(new))
        waiting.extend(new)
    return tuple(found)


def parents_of(table: CatalogObject | None) -> tuple[ObjectId, ...]:
    """Return the tables that a table is a partition of or inherits from, in their order."""
    above = getattr(table, "partition_of", None)
    return (*([above] if above else []), *getattr(table, "inherits", ()))


@dataclass(frozen=True, kw_only=True)
class Context:
    """Tell a kind what else happens in the plan that its steps are part of.

    `online` asks for steps that a live system can bear. `dropped` and `created` hold what the plan
    removes and makes; an object that is replaced is in both. `explicit` are parts that must be dropped by
    a statement of their own although their table goes as well: foreign keys in a circle. `inlined` maps a
    table to the parts that its CREATE TABLE takes in. `prepared` maps a table that is replaced to one that
    was built and filled before the plan, and only has to take its place. `shells` are new objects that were
    made as a shell before, because of a circle.
    """

    before: Catalog
    after: Catalog
    server: ServerFacts
    online: bool = True
    dropped: frozenset[ObjectId] = frozenset()
    created: frozenset[ObjectId] = frozenset()
    explicit: frozenset[ObjectId] = frozenset()
    inlined: Mapping[ObjectId, tuple[CatalogObject, ...]] = field(default_factory=dict)
    prepared: Mapping[ObjectId, ObjectId] = field(default_factory=dict)
    shells: frozenset[ObjectId] = frozenset()

    def is_new(self, id: ObjectId | None) -> bool:
        """Tell whether the plan makes the object: locks and scans of it then disturb nobody."""
        while id is not None:
            if id in self.created:
                return True
            id = id.parent
        return False

    def goes_with_parent(self, id: ObjectId) -> bool:
        """Tell whether PostgreSQL drops the object together with an ancestor that the plan drops.

        A copy goes with what it is a copy of, which is then dropped by itself.
        """
        if id in self.explicit and not self.before.objects[id].derived:
            return False
        at = id.parent
        while at is not None:
            if at in self.dropped:
                return True
            at = at.parent
        return False

    @cached_property
    def _children(self) -> Mapping[ObjectId, tuple[ObjectId, ...]]:
        children: dict[ObjectId, list[ObjectId]] = {}
        # A copy that was made without TimescaleDB has partitions where the table itself has chunks.
        chunked = {o.id.parent for o in self.before.of("time_series") if not getattr(o, "native", True)}
        for table in (*self.before.of("table"), *self.after.of("table")):
            if table.id not in self.before or getattr(table, "partition_of", None) in chunked:
                continue
            for parent in parents_of(table):
                children.setdefault(parent, []).append(table.id)
        return {parent: tuple(ids) for parent, ids in children.items()}

    def with_descendants(self, id: ObjectId) -> tuple[ObjectId, ...]:
        """Return a table with all its partitions and inheriting tables that stand before the plan.

        What joins it in the course of the plan is among them.
        """
        return reached(id, lambda at: self._children.get(at, ()))

    @cached_property
    def names_before(self) -> frozenset[str]:
        """Return the names, without their schemas, of all that stands before the plan."""
        return frozenset(o.id.name.name for o in self.before)

    @cached_property
    def referenced_before(self) -> Mapping[ObjectId, tuple[ObjectId, ...]]:
        """Return the dependents of each object as it was before."""
        return self.before.dependents


@dataclass(frozen=True, kw_only=True)
class Alteration:
    """Say how an object is changed in place, or that it cannot be.

    `replace` asks for drop and create instead of `steps`. `detach` names objects that PostgreSQL
    does not let stand while the steps run (the views over a column whose type changes): the
    planner drops them, and what needs them, before, and makes them again after. `atomic` asks for
    one transaction around all steps. `follows` names objects whose own alteration comes first. `remade` names
    those that the steps make anew as they were: what comes to stand on one waits. `additive` says that
    nothing that stands on the object is in the way: what goes may go later.
    `unsupported` says why PostgreSQL offers no way.
    """

    steps: tuple[Step, ...] = ()
    replace: bool = False
    detach: tuple[ObjectId, ...] = ()
    atomic: bool = False
    follows: tuple[ObjectId, ...] = ()
    remade: tuple[ObjectId, ...] = ()
    additive: bool = False
    unsupported: str | None = None


REPLACE = Alteration(replace=True)

type_claims = Callable[[Any], tuple[tuple[str, ...], ...]]


def _no_numbers(_: Any, __: Context) -> None:
    return None


def _no_detach(_: Any, __: Context) -> tuple[ObjectId, ...]:
    return ()


def _no_claims(_: Any) -> tuple[tuple[str, ...], ...]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Bind together what pgwright knows about one kind of object.

    `rank` orders objects that do not depend on each other, for readable output: schemas first, comments
    last. `claims` returns the names that an object occupies in a namespace shared between kinds, such as
    ``("relation", "public", "users")``; a name must be free before another object takes it.
    `inline` returns the fragment for the parent's CREATE statement, or None where the object needs a
    statement of its own. `detach` names what PostgreSQL does not let stand while the object is made, as an
    `Alteration` does for one that changes. `rename` returns the steps that give the object another name.
    `refill` returns the step that gives a replaced object back what the steps of its `drop` held, or None.
    `numbers` returns the column whose new rows get other values when the object comes, changes or goes, or
    None: for one that stays, this happens in one transaction. `shell` returns the step that makes an object
    which needs nothing of a circle, and which `create` completes; or that leaves no more of one that goes.
    `join` returns steps that each write one table anew put together, as far as they can be.
    `queries` names the queries that `read` runs; None means the one of the kind's name.
    """

    name: str
    cls: type[CatalogObject]
    rank: int
    read: Callable[[Reading], Iterable[Found]]
    create: Callable[[Any, Context], tuple[Step, ...]]
    drop: Callable[[Any, Context], tuple[Step, ...]]
    alter: Callable[[Change, Context], Alteration]
    inline: Callable[[Any, Context], sql.Composable | None] | None = None
    detach: Callable[[Any, Context], tuple[ObjectId, ...]] = _no_detach
    rename: Callable[[Any, ObjectId, Context], tuple[Step, ...]] | None = None
    refill: Callable[[Any, Context], Step | None] | None = None
    numbers: Callable[[Any, Context], ObjectId | None] = _no_numbers
    shell: Callable[[Any, Op], Step] | None = None
    join: Callable[[Sequence[Step]], tuple[Step, ...]] | None = None
    claims: type_claims = _no_claims
    queries: tuple[str, ...] | None = None
