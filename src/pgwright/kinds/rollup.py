"""Tables of aggregates that are kept up to date: by pgwright, or as continuous aggregates by TimescaleDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Alteration, Context, Found, Kind, Reading
from pgwright.kinds.relations import held
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.kinds.timeseries.continuous import alter_continuous, create_continuous, drop_continuous
from pgwright.kinds.timeseries.engines import (
    adopts,
    filling,
    is_continuous,
    noted_by_row,
    rollup_relation,
    why_not_continuous,
)
from pgwright.kinds.timeseries.policy_records import (
    COMMUNITY,
    forget,
    policy_object,
    record,
    together,
)
from pgwright.kinds.timeseries.rollup_adopted import rows_kept
from pgwright.kinds.timeseries.rollup_join import JoinFields
from pgwright.kinds.timeseries.rollup_live import (
    DEFINES,
    form,
    hide_above,
    read_by_others,
    show_above,
    shown_by,
)
from pgwright.kinds.timeseries.rollup_names import joined_table
from pgwright.kinds.timeseries.rollup_needs import require_columns, require_plain
from pgwright.kinds.timeseries.rollup_parts import RollupParts, parts
from pgwright.kinds.timeseries.rollup_renames import follow_renames, only_renamed, renamed_columns
from pgwright.kinds.timeseries.rollup_watch import Watch
from pgwright.kinds.timeseries.sent_along import REMEDY, sent_along
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Reversibility, Step
from pgwright.pg.connect import OLDEST_SUPPORTED
from pgwright.pg.quoting import Name, deparsed, literal, qualified


@dataclass(frozen=True, kw_only=True)
class RollupTable(CatalogObject):
    """Define the aggregates of a table by buckets of time and groups; the fields are those of `Rollup`.

    `by` is ``timescale`` for a continuous aggregate, whose job looks back as long as `since` says, for ever
    where that is empty; `adopts` tells that the rollup's table is declared by itself. `stale` tells that
    columns of the source were renamed since, `outdated` that an earlier version made its live view, which no
    declaration asks for.
    """

    bucket: str = ""
    group_by: tuple[str, ...] = ()
    aggregates: tuple[tuple[str, str], ...] = ()
    refresh: str = "1 hour"
    retain: str = ""
    realtime: bool = False
    column: str = ""
    zone: str = ""
    where: str = ""
    bucket_column: str = "bucket"
    joins: tuple[JoinFields, ...] = ()
    stale: bool = False
    outdated: bool = False
    by: str = fact("")
    since: str = fact("")
    adopts: bool = fact(False)


# Rows of the rollup mean something else when one of these changes.
_IDENTITY = frozenset({"bucket", "group_by", "column", "zone", "bucket_column"})


def read(reading: Reading) -> Iterator[Found]:
    """Yield the rollups of the tables that are being read; one of a rollup needs that one first.

    One that lacks a part does not hold: a plan makes it again, over the rows that it has.
    """
    records = reading.records
    rollups = {
        (r.schema, r.name): ObjectId("rollup", QualifiedName(None, r.name), r.table)
        for r in records
        if r.kind == "rollup"
    }
    for found in records:
        if found.kind != "rollup" or found.schema not in reading.schemas or found.lacks:
            continue
        above = rollups.get((found.schema, found.table_name))
        own = rollup_relation(rollups[found.schema, found.name]) if found.definition.get("adopts") else None
        joined = (joined_table(found.table, join[0]) for join in found.definition.get("joins", ()))
        needs = tuple(id for id in (above, own, *joined) if id is not None)
        shown = found.definition.get("realtime") and not found.definition.get("by")
        outdated = bool(shown and found.definition.get("live") != form())
        yield Found(policy_object(RollupTable, found, depends_on=needs, outdated=outdated), ())


def create(o: RollupTable, context: Context) -> tuple[Step, ...]:
    """Return the steps that make table, log and triggers, and mark all of it for a refresh."""
    made = parts(o, context.after)
    require_columns(made, context)
    before = _taken_over(o, context)
    ended = _end(before, context, keeping=not is_continuous(o, context)) if before else ()
    if is_continuous(o, context):
        return (*ended, *create_continuous(o, made, context))
    require_plain(made, context)
    table = parent_of(o.id)
    adopted = adopts(o.id, context)
    first = [*ended] if adopted else [*ended, step(o.id, made.make_relation(), f"make the table of {o.id}")]
    if before and _keeps_rows(before, o):
        first = [*ended, *_change_columns(before, o, made)]
    armed = _arming(o.id, made, context)
    owned = rows_kept(o.id, made, context) if adopted and before is None else ()
    marked = step(o.id, made.mark_everything(), f"mark {o.id} for its first refresh")
    kept = step(o.id, _record(o, adopts=adopted), f"record {o.id}", hazards=_kept_by_pgwright(o, context))
    live = [shown_by(o.id, made)] if o.realtime else []
    return (*first, armed, *owned, marked, kept, *live, *_hand_over_retention(table, context))


def _record(o: RollupTable, *, adopts: bool) -> sql.Composed:
    """Compose the record of a rollup of pgwright's, with the form of its live view."""
    return record(o, adopts=adopts, by="", **({"live": form()} if o.realtime and not o.outdated else {}))


def _kept_by_pgwright(o: RollupTable, context: Context) -> tuple[Hazard, ...]:
    """Return the reason why a rollup is no continuous aggregate where the server has such."""
    why = why_not_continuous(o, context) if context.server.timescaledb == COMMUNITY else ""
    message = f"{o.id} is kept by pgwright, not as a continuous aggregate: {why}"
    return (Hazard(code=HazardCode.NOT_AVAILABLE, message=message),) if why else ()


def _arming(id: ObjectId, made: RollupParts, context: Context) -> Step:
    """Return the step that makes logs and triggers, from which on every change is noted."""
    # Where nobody is disturbed, in words that every version knows: a script may be for another server.
    above = filling(made.source, context.after)
    fresh = context.is_new(made.source) or (above is not None and context.is_new(above.id))
    major = OLDEST_SUPPORTED if fresh else context.server.major
    texts: list[sql.Composable] = list(made.make_logs())
    for plain in made.watches:
        watch = replace(plain, by_row=noted_by_row(plain.table, context))
        texts.append(watch.make_function())
        texts.extend(watch.triggers(name_of(watch.table), major))
        texts.append(watch.triggers_on_partitions(major))
    old = [watch.table for watch in made.watches if not context.is_new(watch.table)]
    lacking = sent_along(context.before, [made.relation.name, *(watch.log for watch in made.watches)])
    return step(
        id,
        together(texts),
        f"note every change of {_listed(made.watches)} for {id}",
        hazards=[Hazard(code=HazardCode.BREAKS_CODE, message=lacking, hint=REMEDY)] if lacking else [],
        lock=_trigger_lock(context) if old else None,
        on=[found for table in old for found in context.with_descendants(table)],
    )


def _listed(watches: Iterable[Watch]) -> str:
    return " and ".join(str(watch.table) for watch in watches)


def _ending(watch: Watch, *, log: bool) -> Iterator[sql.Composable]:
    yield sql.SQL("DROP FUNCTION IF EXISTS {} CASCADE").format(qualified(watch.function))
    if log:
        yield sql.SQL("DROP TABLE IF EXISTS {}").format(qualified(watch.log))


def _ended_on(watches: Iterable[Watch], context: Context, *, log: bool) -> list[ObjectId]:
    """Return what is locked where notes end: the tables with triggers, and the logs that go."""
    logs = [ObjectId("table", watch.log) for watch in watches] if log else []
    return [*logs, *(id for watch in watches for id in context.with_descendants(watch.table))]


def _trigger_lock(context: Context) -> LockMode:
    # Before CREATE OR REPLACE TRIGGER the old one has to be dropped first.
    return LockMode.ACCESS_EXCLUSIVE if context.server.major < 14 else LockMode.SHARE_ROW_EXCLUSIVE


def _hand_over_retention(table: ObjectId, context: Context) -> tuple[Step, ...]:
    """Take retention back from TimescaleDB: its job would drop rows that this rollup has not added up."""
    id = ObjectId("retention", QualifiedName(None, "retention"), table)
    held_by = context.before.get(id)
    if held_by is None or getattr(held_by, "by", "") != COMMUNITY or id not in context.after:
        return ()
    text = sql.SQL("SELECT remove_retention_policy({}, if_exists => true);\n{}").format(
        literal(name_of(table).as_string()), record(held_by, by="")
    )
    return (step(id, text, f"let pgwright retire rows of {table}, after the rollups have them"),)


def drop(o: RollupTable, context: Context) -> tuple[Step, ...]:
    """Return the end of the triggers and the log, and the drop of the table that came with the rollup.

    A rollup that the plan only makes again, because its source is replaced, keeps its rows.
    """
    above = filling(rollup_relation(o.id), context.after)
    if above is not None and above.id != o.id:
        # It has been ended where the other one began.
        return forget(o, context)
    return _end(o, context, keeping=o.id in context.created)


def _taken_over(o: RollupTable, context: Context) -> RollupTable | None:
    """Return the rollup of another source that filled the same table until now."""
    found = filling(rollup_relation(o.id), context.before)
    return found if isinstance(found, RollupTable) and found.id != o.id else None


def _end(o: RollupTable, context: Context, *, keeping: bool) -> tuple[Step, ...]:
    """Return the end of a rollup; with `keeping` its rows stay where the next one of its name has such."""
    made = parts(o, context.before)
    if o.by == COMMUNITY:
        return drop_continuous(o, made, context)
    stays = keeping and _keeps_rows(o, filling(rollup_relation(o.id), context.after))
    off: list[sql.Composable] = [sql.SQL("DROP VIEW IF EXISTS {}").format(made.live)]
    off += [part for watch in made.watches for part in _ending(watch, log=not stays)]
    steps = [
        step(
            o.id,
            together(off),
            f"stop noting changes of {_listed(made.watches)} for {o.id}",
            lock=LockMode.ACCESS_EXCLUSIVE,
            on=[*([made.live_id] if o.realtime else []), *_ended_on(made.watches, context, log=not stays)],
            phase=Phase.CONTRACT,
        )
    ]
    if not stays and not o.adopts:
        steps.append(_drop_relation(o, made))
    return (*steps, *forget(o, context))


def _drop_relation(o: RollupTable, made: RollupParts) -> Step:
    hazard = Hazard(
        code=HazardCode.DELETES_DATA,
        message=f"the rows of {made.relation.path} are deleted, those of retired rows for good",
    )
    return step(
        o.id,
        sql.SQL("DROP TABLE IF EXISTS {}").format(name_of(made.relation)),
        f"drop the table of {o.id}",
        lock=LockMode.ACCESS_EXCLUSIVE,
        on=(made.relation,),
        hazards=(hazard,),
        reversibility=Reversibility.DATA_LOST,
        phase=Phase.CONTRACT,
    )


def _keeps_rows(before: RollupTable, after: CatalogObject | None) -> bool:
    same = all(getattr(before, name) == getattr(after, name, None) for name in _IDENTITY)
    return same and before.by != COMMUNITY


def alter(change: Change, context: Context) -> Alteration:
    """Add and drop columns in place; what was added up before rows were retired stays."""
    before, after = change.before, change.after
    assert isinstance(before, RollupTable) and isinstance(after, RollupTable)
    renamed = renamed_columns(before, after, context)
    if before.by == COMMUNITY:
        follows = renamed is not None and only_renamed(before, after, context)
        names = renamed if follows else None
        return alter_continuous(change, parts(after, context.after), context, names)
    if _IDENTITY & set(change.fields) - ({"column", "group_by"} if renamed else set()):
        return REPLACE
    made = parts(after, context.after)
    steps: list[Step] = []
    if DEFINES & set(change.fields):
        steps.extend(hide_above(before, context))
    if before.stale or renamed:
        require_columns(made, context)
        steps.extend(follow_renames(before, made, renamed or {}, context))
        steps.append(_arming(after.id, made, context))
    if "joins" in change.fields:
        steps.extend(_change_joins(parts(before, context.before), made, context))
    if {"aggregates", "where", "joins"} & set(change.fields):
        steps.extend(_change_columns(before, after, made))
        steps.append(
            step(after.id, made.mark_everything(), f"mark {after.id} for a refresh of all that can be")
        )
    if before.outdated and not DEFINES & set(change.fields):
        # It has the same columns, so whatever reads it stays.
        lock = held(context, LockMode.ACCESS_EXCLUSIVE, made.live_id)
        steps.append(shown_by(after.id, made, **lock))
    steps.append(step(after.id, _record(after, adopts=before.adopts), f"record the changed {after.id}"))
    detach: tuple[ObjectId, ...] = ()
    if DEFINES & set(change.fields):
        steps.extend(show_above(after, context))
        detach = read_by_others(before, context)
    return Alteration(steps=tuple(steps), detach=detach)


def _change_joins(old: RollupParts, new: RollupParts, context: Context) -> Iterator[Step]:
    """Yield the end of the notes about tables that are joined otherwise, and the beginning of new ones."""
    require_columns(new, context)
    id = ObjectId("rollup", QualifiedName(None, new.relation.name.name), new.source)
    kept = {watch.table for watch in new.watches if watch.keys in {w.keys for w in old.watches}}
    ended = [watch for watch in old.watches if watch.table not in kept]
    if ended:
        yield step(
            id,
            together(part for watch in ended for part in _ending(watch, log=True)),
            f"stop noting changes of {_listed(ended)} for {id}",
            lock=LockMode.ACCESS_EXCLUSIVE,
            on=_ended_on(ended, context, log=True),
        )
    yield _arming(id, new, context)


def _change_columns(before: RollupTable, after: RollupTable, made: RollupParts) -> Iterator[Step]:
    """Yield new and dropped columns; a table that is declared by itself has changes of its own."""
    old, new = dict(before.aggregates), dict(after.aggregates)
    if before.adopts:
        return
    lock, on = LockMode.ACCESS_EXCLUSIVE, (made.relation,)
    for name, text in new.items():
        if name not in old:
            # The type is what the expression has; only the server can tell.
            add = sql.SQL(
                "DO $pgwright$ BEGIN EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS %I %s', {}, {}, "
                "pg_typeof((SELECT {} FROM {} WHERE false))); END $pgwright$"
            ).format(
                literal(name_of(made.relation).as_string()),
                literal(name),
                deparsed(text),
                name_of(made.source),
            )
            yield step(after.id, add, f"add {name} to {after.id}", lock=lock, on=on)
    for name in old:
        if name not in new:
            hazard = Hazard(
                code=HazardCode.DELETES_DATA,
                message=f"{name} is deleted from all rows of {made.relation.path}",
            )
            gone = sql.SQL("ALTER TABLE {} DROP COLUMN IF EXISTS {}").format(
                name_of(made.relation), Name(name)
            )
            yield step(
                after.id,
                gone,
                f"drop {name} from {after.id}",
                lock=lock,
                on=on,
                hazards=(hazard,),
                reversibility=Reversibility.DATA_LOST,
                phase=Phase.CONTRACT,
            )


KIND = Kind(
    name="rollup",
    cls=RollupTable,
    rank=91,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    queries=(),
)
