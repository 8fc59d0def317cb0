"""Building blocks that the kinds share for writing steps."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from psycopg import sql

from pgwright.kinds.contract import Context
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode, Phase, Reversibility, Step
from pgwright.pg.quoting import Name, deparsed, qualified, render


def step(
    subject: ObjectId,
    statement: sql.Composable,
    summary: str,
    *,
    lock: LockMode | None = None,
    on: Iterable[ObjectId] = (),
    rewrites: Iterable[ObjectId] = (),
    hazards: Iterable[Hazard] = (),
    reversibility: Reversibility = Reversibility.LOSSLESS,
    transactional: bool = True,
    ahead: bool = False,
    phase: Phase = Phase.EXPAND,
    lock_timeout: float | None = 3.0,
    statement_timeout: float | None = None,
) -> Step:
    """Make a step from a composed statement; the planner numbers it and adds dependencies.

    `lock` and `on` name the strongest lock on relations that exist before the plan.
    """
    return Step(
        id="",
        summary=summary,
        sql=render(statement),
        subject=subject,
        lock=lock,
        locks_on=tuple(on),
        rewrites=tuple(rewrites),
        hazards=tuple(hazards),
        reversibility=reversibility,
        transactional=transactional,
        ahead=ahead,
        phase=phase,
        lock_timeout=lock_timeout,
        statement_timeout=statement_timeout,
    )


def statement(template: str, /, *parts: sql.Composable, **named: sql.Composable) -> sql.Composed:
    """Compose a statement from a constant template and composed parts."""
    return sql.SQL(template).format(*parts, **named)


def name_of(id: ObjectId) -> Name:
    """Compose the name of an object: qualified for a relation, bare for a part of one."""
    return qualified(id.name)


def parent_of(id: ObjectId) -> ObjectId:
    """Return the parent of a part; every part has one by construction of its kind."""
    if id.parent is None:
        raise ValueError(f"{id} has no parent")
    return id.parent


def outdated(name: str) -> Hazard:
    """Return the hazard of giving what is called so another name."""
    return Hazard(code=HazardCode.BREAKS_CODE, message=f"code that still says {name} fails from here on")


def renamed(keyword: str, id: ObjectId, to: ObjectId, lock: LockMode | None = None) -> tuple[Step, ...]:
    """Return the ALTER … SET SCHEMA and RENAME TO that give an object another name.

    `keyword` is constant text such as ``VIEW``.
    """
    hazard = outdated(id.path)
    at = id.name
    steps = []
    on = (id,) if lock else ()
    if to.name.schema != at.schema and to.name.schema is not None:
        text = sql.SQL("ALTER {} {} SET SCHEMA {}").format(
            deparsed(keyword), name_of(id), Name(to.name.schema)
        )
        summary = f"move {id} to schema {to.name.schema}"
        steps.append(step(id, text, summary, lock=lock, on=on, hazards=(hazard,)))
        at = at._replace(schema=to.name.schema)
    if to.name.name != at.name:
        text = sql.SQL("ALTER {} {} RENAME TO {}").format(
            deparsed(keyword), name_of(id._replace(name=at)), Name(to.name.name)
        )
        steps.append(step(id, text, f"rename {id} to {to.path}", lock=lock, on=on, hazards=(hazard,)))
    return tuple(steps)


def alter_parent(
    subject: ObjectId,
    action: sql.Composable,
    summary: str,
    context: Context,
    *,
    lock: LockMode = LockMode.ACCESS_EXCLUSIVE,
    also_on: Iterable[ObjectId] = (),
    rewrites: Iterable[ObjectId] = (),
    hazards: Iterable[Hazard] = (),
    reversibility: Reversibility = Reversibility.LOSSLESS,
    ahead: bool = False,
    phase: Phase = Phase.EXPAND,
    lock_timeout: float | None = 3.0,
    only: bool = False,
) -> Step:
    """Make an ALTER TABLE step for a part of a table; a table that the plan makes has no lock to speak of.

    `only` leaves inheriting tables out.
    """
    table = subject
    while table.kind in _PARTS:
        table = parent_of(table)
    owner = context.after.get(table) or context.before.get(table)
    foreign = getattr(owner, "server", None) is not None
    keyword = "ALTER FOREIGN TABLE {} {}" if foreign else "ALTER TABLE {} {}"
    if only:
        keyword = keyword.replace("TABLE", "TABLE ONLY")
    # ALTER TABLE reaches down to partitions and inheriting tables, and locks them as well.
    reached = [id for top in (table, *also_on) for id in context.with_descendants(top)]
    leaving = phase is Phase.CONTRACT
    on = tuple(
        dict.fromkeys(
            id
            for id in reached
            # A partition that is made anew stands until its own drop.
            if not context.is_new(id) or (id in context.dropped and (leaving or id != table))
        )
    )
    return step(
        subject,
        statement(keyword, name_of(table), action),
        summary,
        lock=lock if on else None,
        on=on,
        rewrites=tuple(id for top in rewrites for id in context.with_descendants(top)),
        hazards=hazards,
        reversibility=reversibility,
        ahead=ahead,
        phase=phase,
        lock_timeout=lock_timeout,
    )


_NAME_BYTES = 63
_PARTS = frozenset(
    {
        "column",
        "default",
        "column_override",
        "constraint",
        "index",
        "trigger",
        "row_policy",
        "row_security",
        "rule",
    }
)


def default_name(table: str, column: str, ending: str) -> str:
    """Return the name that PostgreSQL gives to a constraint or index of a column without one.

    The longer of both names is cut, byte by byte, until all of it fits: `makeObjectName` in indexcmds.c. The
    number that a name gets there which is taken is not looked up.
    """
    parts = [table.encode(), column.encode()]
    while sum(map(len, parts)) > _NAME_BYTES - len(ending) - 2:
        longer = 0 if len(parts[0]) > len(parts[1]) else 1
        parts[longer] = parts[longer][:-1]
    return "_".join([*(part.decode(errors="ignore") for part in parts), ending])


def short_name(name: str, limit: int = _NAME_BYTES) -> str:
    """Return the name, or a prefix with a digest where it has more bytes than PostgreSQL keeps."""
    encoded = name.encode()
    if len(encoded) <= limit:
        return name
    digest = sha256(encoded).hexdigest()[:8]
    return encoded[: limit - 9].decode(errors="ignore") + "_" + digest
