"""What functions, procedures and aggregates share: names with argument types, and what may be replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from psycopg import sql

from pgwright.kinds.steps import step
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode
from pgwright.pg.quoting import Name, deparsed

if TYPE_CHECKING:
    from pgwright.model.plan import Step


class Routine(Protocol):
    """Describe what the statements about a routine need to know of it."""

    @property
    def id(self) -> ObjectId: ...  # noqa: D102
    @property
    def proname(self) -> str: ...  # noqa: D102
    @property
    def arguments(self) -> str: ...  # noqa: D102


def routine_id(kind: str, schema: str, name: str, types: str | None) -> ObjectId:
    """Return the identity of a routine: PostgreSQL tells overloads apart by their input types."""
    return ObjectId(kind, QualifiedName(schema, f"{name}({types or ''})"))


def signature(o: Routine) -> sql.Composed:
    """Compose the routine's name and arguments as DROP, ALTER, COMMENT and GRANT want them."""
    return _signature(o, o.id.name.schema, o.proname)


def _signature(o: Routine, schema: str | None, name: str) -> sql.Composed:
    full = Name(schema, name) if schema else Name(name)
    return sql.SQL("{}({})").format(full, deparsed(o.arguments))


def keeps_names(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Tell whether every argument that had a name keeps it; only unnamed ones may be given one."""
    return all(i < len(after) and after[i] == name for i, name in enumerate(before) if name)


def renamed_routine(keyword: str, o: Routine, to: ObjectId) -> tuple[Step, ...]:
    """Return the ALTER … SET SCHEMA and RENAME TO; `keyword` is constant text such as ``FUNCTION``."""
    hazard = Hazard(
        code=HazardCode.BREAKS_CODE, message=f"code that still calls {o.id.path} fails from here on"
    )
    types = o.id.name.name.removeprefix(o.proname)
    name = to.name.name.removesuffix(types)
    schema = o.id.name.schema
    steps = []
    if to.name.schema != schema and to.name.schema is not None:
        text = sql.SQL("ALTER {} {} SET SCHEMA {}").format(
            deparsed(keyword), _signature(o, schema, o.proname), Name(to.name.schema)
        )
        steps.append(step(o.id, text, f"move {o.id} to schema {to.name.schema}", hazards=(hazard,)))
        schema = to.name.schema
    if name != o.proname:
        text = sql.SQL("ALTER {} {} RENAME TO {}").format(
            deparsed(keyword), _signature(o, schema, o.proname), Name(name)
        )
        steps.append(step(o.id, text, f"rename {o.id} to {to.path}", hazards=(hazard,)))
    return tuple(steps)


def claims(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name with its argument types among functions, procedures and aggregates."""
    return (("routine", o.id.name.schema, o.id.name.name),)
