"""Functions, window functions and procedures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import REPLACE, Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.relations import vanishes
from pgwright.kinds.routines import claims, keeps_names, renamed_routine, routine_id, signature
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import step
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change, Op
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import deparsed

_PARSED_BODY = re.compile(r"^(?:BEGIN ATOMIC$|RETURN )", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Function(CatalogObject):
    """Define a function or procedure by the statement that PostgreSQL deparses for it.

    `prokind` is ``f`` for a function, ``w`` for a window function, ``p`` for a procedure. `proname` is the
    bare name, `arguments` what identifies it in statements. `calls_itself` tells that a body that is kept
    parsed does. The other facts decide whether PostgreSQL lets one definition take the place of another.
    """

    definition: str
    proname: str = fact("")
    arguments: str = fact("")
    prokind: str = fact("f")
    language: str = fact("")
    result: str | None = fact(None)
    input_names: tuple[str, ...] = fact(())
    outputs: tuple[str, ...] = fact(())
    defaults: int = fact(0)
    security_definer: bool = fact(False)
    calls_itself: bool = fact(False)

    @property
    def keyword(self) -> str:
        """Return the word for it in statements."""
        return "PROCEDURE" if self.prokind == "p" else "FUNCTION"


def read(reading: Reading) -> Iterator[Found]:
    """Yield the functions and procedures of the schemas being read."""
    for r in reading.defined("function"):
        function = Function(
            id=routine_id("function", r.schema, r.name, r.types),
            # A body that is kept parsed (BEGIN ATOMIC) is deparsed like a view; others are kept as written.
            definition=settled(r.definition.rstrip("\n")) if r.parsed else r.definition.rstrip("\n"),
            proname=r.name,
            arguments=r.arguments,
            prokind=r.kind,
            language=r.language,
            result=r.result,
            input_names=tuple(r.input_names or ()),
            outputs=tuple(r.outputs or ()),
            defaults=r.defaults,
            security_definer=r.security_definer,
            calls_itself=r.calls_itself,
        )
        yield Found(function, (Address(SystemCatalog.PROC, r.oid),))


def create(o: Function, context: Context) -> tuple[Step, ...]:
    """Return the statement that PostgreSQL deparsed, a CREATE OR REPLACE, which completes a shell, too."""
    complete = step(o.id, deparsed(o.definition), f"create {o.id}")
    return (shell(o, Op.CREATE), complete) if o.calls_itself else (complete,)


def shell(o: Function, op: Op) -> Step:
    """Return the statement that makes the function without a body, or leaves no more of it.

    Only a body that is kept parsed needs anything. An empty one passes where bodies are not checked.
    """
    head = _PARSED_BODY.split(o.definition, maxsplit=1)[0]
    verb, phase = ("create", Phase.EXPAND) if op is Op.CREATE else ("leave", Phase.CONTRACT)
    return step(o.id, deparsed(f"{head}\nBEGIN ATOMIC\nEND"), f"{verb} a shell of {o.id}", phase=phase)


def drop(o: Function, context: Context) -> tuple[Step, ...]:
    """Return the DROP FUNCTION or DROP PROCEDURE."""
    hazards = vanishes(o.id, context, f"code that calls {o.id} fails from here on")
    new = context.after.get(o.id)
    if isinstance(new, Function) and (o.keyword, o.result) != (new.keyword, new.result):
        gets = f"gets {new.result} where it got {o.result}" if new.result and o.result else "fails"
        message = f"code that calls {o.id} {gets} from here on"
        hazards = (*hazards, Hazard(code=HazardCode.BREAKS_CODE, message=message))
    return (
        step(
            o.id,
            sql.SQL("DROP {} {}").format(deparsed(o.keyword), signature(o)),
            f"drop {o.id}",
            hazards=hazards,
            phase=Phase.CONTRACT,
        ),
    )


def alter(change: Change, context: Context) -> Alteration:
    """Put another definition in place where PostgreSQL takes it: callers then notice nothing."""
    before, after = change.before, change.after
    assert isinstance(before, Function) and isinstance(after, Function)
    if not replaceable(before, after):
        return REPLACE
    hazards = []
    if before.security_definer != after.security_definer:
        message = f"{after.id} runs with the rights of another role than before"
        hazards.append(Hazard(code=HazardCode.CHANGES_ACCESS, message=message))
    return Alteration(
        steps=(step(after.id, deparsed(after.definition), f"change {after.id}", hazards=hazards),)
    )


def replaceable(before: Function, after: Function) -> bool:
    """Tell whether CREATE OR REPLACE takes `after` in the place of `before`.

    PostgreSQL refuses another kind of routine or result, other names of arguments, and fewer defaults.
    The type of a polymorphic argument's default must stay too, which only its text tells.
    """
    return (
        before.prokind == after.prokind
        and before.result == after.result
        and before.outputs == after.outputs
        and keeps_names(before.input_names, after.input_names)
        and before.defaults <= after.defaults
        and not (before.defaults and "any" in after.id.name.name.removeprefix(after.proname))
    )


def rename(o: Function, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER FUNCTION … RENAME TO, and SET SCHEMA where the schema differs."""
    return renamed_routine(o.keyword, o, to)


KIND = Kind(
    name="function",
    cls=Function,
    rank=25,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    rename=rename,
    claims=claims,
    shell=shell,
)
