"""Whether a table's row policies are obeyed, and by its owner too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.relations import held
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.kinds.timeseries.compressed import require_no_row_security
from pgwright.model.catalog import CatalogObject
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Phase, Step


@dataclass(frozen=True, kw_only=True)
class RowSecurity(CatalogObject):
    """Say that row policies hold on a table, where `forced` for its owner too; without it they do not."""

    enabled: bool
    forced: bool = False


def read(reading: Reading) -> Iterator[Found]:
    """Yield the row security of the tables found before."""
    for r in reading.rows("row_security"):
        parent = reading.id_of(SystemCatalog.CLASS, r.relid)
        if parent is not None:
            id = ObjectId("row_security", QualifiedName(None, "row_security"), parent)
            yield Found(RowSecurity(id=id, enabled=r.enabled, forced=r.forced), ())


def _change(id: ObjectId, before: RowSecurity | None, after: RowSecurity | None, context: Context) -> Step:
    require_no_row_security(parent_of(id), context)
    actions: list[sql.Composable] = []
    if (before is not None and before.enabled) != (after is not None and after.enabled):
        enable = after is not None and after.enabled
        actions.append(sql.SQL("ENABLE ROW LEVEL SECURITY" if enable else "DISABLE ROW LEVEL SECURITY"))
    if (before is not None and before.forced) != (after is not None and after.forced):
        force = after is not None and after.forced
        actions.append(sql.SQL("FORCE ROW LEVEL SECURITY" if force else "NO FORCE ROW LEVEL SECURITY"))
    relation = parent_of(id)
    text = sql.SQL("ALTER TABLE {} {}").format(name_of(relation), sql.SQL(", ").join(actions))
    hazards = (
        [] if context.is_new(relation) else [_access(relation, after), *_unseen(relation, after, context)]
    )
    return step(
        id,
        text,
        f"{'set' if after else 'switch off'} the row security of {relation}",
        hazards=hazards,
        phase=Phase.EXPAND if after else Phase.CONTRACT,
        **held(context, LockMode.ACCESS_EXCLUSIVE, relation),
    )


def _access(relation: ObjectId, after: RowSecurity | None) -> Hazard:
    if after is None or not after.enabled:
        message = f"row policies of {relation} no longer hold: every role with a grant reaches all rows"
        return Hazard(code=HazardCode.CHANGES_ACCESS, message=message)
    whom = "its owner and other roles" if after.forced else "roles other than its owner"
    message = f"{whom} reach only those rows of {relation} that a row policy allows"
    return Hazard(code=HazardCode.CHANGES_ACCESS, message=message)


def _unseen(relation: ObjectId, after: RowSecurity | None, context: Context) -> Iterator[Hazard]:
    """Yield what becomes of continuous aggregates, which TimescaleDB refreshes as their owner."""
    made = [o.id.name.name for o in context.before.children(relation, "rollup") if getattr(o, "by", "")]
    if made and after is not None and after.forced:
        yield Hazard(
            code=HazardCode.BREAKS_CODE,
            message=f"where the owner may not see all rows of {relation}, TimescaleDB deletes from "
            f"{', '.join(made)} what those it does not see add up to",
            hint="first: ALTER ROLE … BYPASSRLS for the owner of the continuous aggregate",
        )


def create(o: RowSecurity, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TABLE that enables and forces row security."""
    return (_change(o.id, None, o, context),)


def drop(o: RowSecurity, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TABLE that takes both back."""
    return () if context.goes_with_parent(o.id) else (_change(o.id, o, None, context),)


def alter(change: Change, context: Context) -> Alteration:
    """Change it in place."""
    before, after = change.before, change.after
    assert isinstance(before, RowSecurity) and isinstance(after, RowSecurity)
    return Alteration(steps=(_change(after.id, before, after, context),))


KIND = Kind(
    name="row_security",
    cls=RowSecurity,
    rank=76,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
)
