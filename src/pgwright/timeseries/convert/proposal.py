"""What a conversion will do, planned before anything is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

from psycopg import sql

from pgwright.diff.comparison import comparable
from pgwright.diff.ends import Ends
from pgwright.diff.planner import make_plan
from pgwright.errors import PolicyError
from pgwright.kinds.constraint import Constraint
from pgwright.kinds.table import Table
from pgwright.kinds.tables.prepared import prepared_id, prepared_parts
from pgwright.kinds.time_series import make_hypertable
from pgwright.kinds.timeseries.engines import rollup_relation
from pgwright.kinds.timeseries.partition_steps import kept_not_null_names, series_of
from pgwright.kinds.timeseries.policy_records import COMMUNITY
from pgwright.kinds.timeseries.sent_along import REMEDY, sent_along
from pgwright.model.catalog import Catalog, CatalogObject, ServerFacts
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.model.policy import POLICY_KINDS
from pgwright.model.selection import Selection, without_orphans
from pgwright.pg.quoting import Name, render
from pgwright.sources.load import load_catalog
from pgwright.sources.workshop import Workshop
from pgwright.timeseries.convert.changes import log_of
from pgwright.timeseries.proposal import with_policies_of


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """Describe the way of one table from one form to another.

    `ends` are the catalogs before and after; `server` is where they live. `build` makes the table beside it,
    `exchange` is the transaction in which it takes its place; `checks` and `declared` follow, while everybody
    goes on.
    """

    table: ObjectId
    ends: Ends
    server: ServerFacts

    @property
    def prepared(self) -> ObjectId:
        """Return the identity of the table that is filled."""
        return prepared_id(self.table)

    @property
    def to_series(self) -> bool:
        """Tell whether the table becomes a time series; otherwise it becomes plain."""
        return series_of(self.ends.after, self.table) is not None

    @property
    def untimed(self) -> str | None:
        """Return the time column of what becomes a time series, where rows may lack a time; else None."""
        series = series_of(self.ends.after, self.table)
        if series is None:
            return None
        found = self.ends.before.get(_column(self.table, series.column))
        return None if getattr(found, "not_null", False) else str(series.column)

    @property
    def native(self) -> bool:
        """Tell whether it becomes one by partitions of PostgreSQL."""
        return self.to_series and not self.server.timescaledb

    @property
    def noted_by_row(self) -> frozenset[str]:
        """Return the events of which changes are noted row by row, see `engines.noted_by_row`."""
        hypertable = series_of(self.ends.before, self.table) is not None
        community = self.server.timescaledb == COMMUNITY
        return frozenset({"INSERT", "DELETE"} if hypertable and community else ())

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what may stop the conversion, or what stands still with it, and what to do about it."""
        unchecked = [
            c.id.name.name
            for c in self.ends.before.children(self.table, "constraint")
            if isinstance(c, Constraint) and c.type == "c" and not c.validated
        ]
        stops = [
            f"rows of {self.table.path} that break {name}, which was never validated, stop it: first "
            f"ALTER TABLE {self.table.path} VALIDATE CONSTRAINT {name}"
            for name in unchecked
        ]
        return (*stops, *filter(None, [self._subscribers]))

    @property
    def _subscribers(self) -> str:
        """Return whose subscribers have to know the tables that the conversion makes, or nothing."""
        lacking = sent_along(self.ends.before, [self.prepared.name, log_of(self.table)])
        pieces = f", and the partitions of {self.prepared.path}" if self.native else ""
        return f"{lacking}{pieces}: {REMEDY}; or convert with --offline" if lacking else ""

    @cached_property
    def build(self) -> tuple[Step, ...]:
        """Return the steps that make the table beside the one in use, empty."""
        series = series_of(self.ends.after, self.table)
        key = render(sql.SQL("RANGE ({})").format(Name(series.column))) if self.native else None
        before = _without(self.ends.before, self.prepared)
        parts = prepared_parts(self.ends.after, self.table, partition_key=key)
        steps = make_plan(before, before.replacing([*before, *parts]), online=False, server=self.server).steps
        more = [
            # Before there are partitions, which would have to bear these names already.
            (
                f"name the NOT NULLs of {self.prepared.path}",
                sql.SQL("DO $pgwright$ {} $pgwright$").format(block),
            )
            for block in kept_not_null_names(self.prepared, self.table, self.server.major)
        ]
        if self.to_series and not self.native:
            made = make_hypertable(self.prepared, series)
            more.append((f"make {self.prepared.path} a hypertable", made))
        numbered = enumerate(more, start=len(steps) + 1)
        return (
            *steps,
            *(replace(steps[0], id=str(n), summary=said, sql=render(text)) for n, (said, text) in numbered),
        )

    @cached_property
    def _exchanged(self) -> Catalog:
        """Return the catalog as the exchange leaves it: with what is declared anew still to come."""
        later = {
            o.id
            for kind in POLICY_KINDS
            for o in self.ends.after.of(kind)
            if kind != "time_series" and o.id not in self.ends.before
        }
        objects = {id: o for id, o in self.ends.after.objects.items() if id not in later}
        return replace(self.ends.after, objects=without_orphans(objects))

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        before = _without(self.ends.before, self.prepared)
        prepared = {self.table: self.prepared}
        return make_plan(before, self._exchanged, server=self.server, prepared=prepared).steps

    @property
    def exchange(self) -> tuple[Step, ...]:
        """Return the steps of the transaction in which the two change names."""
        return tuple(s for s in self._steps if s.phase is not Phase.BACKFILL)

    @property
    def checks(self) -> tuple[Step, ...]:
        """Return the steps that check afterwards what was left unchecked, such as foreign keys."""
        return tuple(s for s in self._steps if s.phase is Phase.BACKFILL)

    @cached_property
    def declared(self) -> tuple[tuple[Step, ...], ...]:
        """Return the transactions that make new declarations hold, after the checks.

        TimescaleDB validates no foreign key of a table that it compresses.
        """
        before, series = self._exchanged, series_of(self._exchanged, self.table)
        if series is not None:
            before = before.replacing([*before, replace(series, native=self.native)])
        steps = make_plan(before, self.ends.after, server=self.server).steps
        return tuple(tuple(batch) for _, batch in groupby(steps, key=lambda s: s.batch))


def _without(catalog: Catalog, table: ObjectId) -> Catalog:
    """Return the catalog without a table that an unfinished conversion left."""
    gone = {o.id for o in catalog if o.id.root == table or (isinstance(o, Table) and o.partition_of == table)}
    left = {id: o for id, o in catalog.objects.items() if id not in gone and id.root not in gone}
    return replace(catalog, objects=left)


def propose_conversion(url: str, spec: str, table: str, *, workshop: Workshop) -> Conversion:
    """Return how `table` becomes the time series that the models of `spec` declare.

    Where its unique keys lack the time column, those of the models take their place. Raises `PolicyError`
    where nothing is declared or nothing is to do, and the errors of loading.
    """
    live, wanted = load_catalog(url, workshop), load_catalog(spec, workshop)
    compared = comparable(live, wanted, before=url, after=spec, workshop=workshop, selection=Selection())
    id = _named(live, table)
    if series_of(wanted, id) is None:
        raise PolicyError(
            f"{id.path} is not declared to be a time series",
            detail="nothing was changed",
            hint='declare it beside the model: TimeSeries("created_at", "1 month"); see docs/timeseries.md',
        )
    before = compared.before
    if _time_column(before, id) is not None:
        raise PolicyError(
            f"{id.path} is a time series already",
            detail="nothing was changed",
            hint="see how it fares: pgwright policy status",
        )
    after, _ = with_policies_of(before, wanted, [t.path for t in _with_rollups(wanted, id)])
    after = _with_keys_of(after, wanted, id)
    return _checked(Conversion(table=id, ends=_ends(before, after), server=live.server))


def _with_rollups(catalog: Catalog, table: ObjectId) -> Iterator[ObjectId]:
    """Yield a table and the tables of its rollups, and of theirs."""
    yield table
    for rollup in catalog.children(table, "rollup"):
        yield from _with_rollups(catalog, rollup_relation(rollup.id))


def propose_way_back(url: str, table: str, *, workshop: Workshop) -> Conversion:
    """Return how the time series `table` becomes a plain table again; its policies end.

    Raises `PolicyError` where it is none.
    """
    live = load_catalog(url, workshop)
    id = _named(live, table)
    if _time_column(live, id) is None or series_of(live, id) is None:
        raise PolicyError(
            f"{id.path} is no time series that pgwright keeps",
            detail="nothing was changed",
            hint="see which there are: pgwright inspect hypertables",
        )
    ended = set(_with_rollups(live, id))
    objects = {o.id: o for o in live if not (o.id.kind in POLICY_KINDS and o.id.parent in ended)}
    objects[id] = replace(live.objects[id], time_column=None, partition_key=None)  # type: ignore[call-arg]
    after = replace(live, objects=without_orphans(objects))
    return _checked(Conversion(table=id, ends=_ends(live, after), server=live.server))


def _ends(before: Catalog, after: Catalog) -> Ends:
    return Ends(before=before, after=after, selection=Selection())


def _checked(conversion: Conversion) -> Conversion:
    """Return the conversion, after its plan was made once: what cannot be says so now."""
    _ = conversion.build, conversion.exchange, conversion.declared
    return conversion


def _time_column(catalog: Catalog, table: ObjectId) -> str | None:
    return getattr(catalog.get(table), "time_column", None)


def _named(catalog: Catalog, table: str) -> ObjectId:
    found = [o.id for o in catalog.of("table") if table in (o.id.path, o.id.name.name)]
    if len(found) != 1:
        said = f"there is no table {table}" if not found else f"{table} names {len(found)} tables"
        raise PolicyError(
            said, detail="nothing was changed", hint="name it with its schema, for example public.readings"
        )
    return found[0]


def _with_keys_of(after: Catalog, wanted: Catalog, table: ObjectId) -> Catalog:
    """Return the catalog with the models' keys for those that lack the time column.

    A foreign key that refers to such a key cannot stay: no key without the time column can be kept.
    """
    column = series_of(after, table).column
    gone = {o.id for o in _keys(after, table) if column not in _columns(o)}
    if not gone:
        return after
    inbound = [
        o.id
        for o in after.of("constraint")
        if o.id.parent != table and getattr(o, "target", None) == table and gone & set(o.depends_on)
    ]
    if inbound:
        raise PolicyError(
            f"foreign keys refer to a key of {table.path} that lacks its time column {column}",
            detail=f"{', '.join(f'{i.name} of {i.root.path}' for i in inbound)}; nothing was changed",
            hint=f"such a key cannot be unique over partitions or chunks: let them refer to ({column}, …) "
            "as well, or drop these foreign keys first",
        )
    new = [o for o in _keys(wanted, table) if column in _columns(o)]
    objects = {id: o for id, o in after.objects.items() if id not in gone and id.parent not in gone}
    objects |= {o.id: o for o in new if o.id not in objects}
    for name in {name for o in new if getattr(o, "type", "") == "p" for name in _columns(o)}:
        id = _column(table, name)
        # As a primary key has them, whatever the table in use allows.
        objects[id] = replace(objects[id], not_null=True)  # type: ignore[call-arg]
    return replace(after, objects=without_orphans(objects))


def _keys(catalog: Catalog, table: ObjectId) -> Iterable[CatalogObject]:
    for o in (*catalog.children(table, "constraint"), *catalog.children(table, "index")):
        if getattr(o, "is_key", False) or getattr(o, "unique", False):
            yield o


def _column(table: ObjectId, name: str) -> ObjectId:
    return ObjectId("column", QualifiedName(None, name), table)


def _columns(o: CatalogObject) -> tuple[str, ...]:
    return tuple(getattr(o, "columns", ()))
