"""The two functions of an Alembic revision, written from a plan and the plan back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pgwright.migrate.writing.alembic_operations import Operations
from pgwright.migrate.writing.alembic_tables import Tables
from pgwright.migrate.writing.code import block, call, comment, indent
from pgwright.migrate.writing.policy_code import policy_calls, policy_import
from pgwright.migrate.writing.way import Way
from pgwright.model.plan import Phase, Step

_OPEN = "with op.get_context().autocommit_block():"
_RUN_STEP = "from pgwright.contrib.alembic.operations import run_step"
_DIALECT = "from sqlalchemy.dialects import postgresql"


@dataclass(frozen=True, kw_only=True)
class Body:
    """Hold the code of a revision: what its functions do, and what it imports beyond `op` and `sa`."""

    upgrade: str
    downgrade: str

    @property
    def imports(self) -> tuple[str, ...]:
        """Return the lines that import what the code uses."""
        code = self.upgrade + self.downgrade
        lines = [line for line, sign in ((_DIALECT, "postgresql."), (_RUN_STEP, "run_step(")) if sign in code]
        return (*lines, *policy_import(code))


def write_body(up: Way, down: Way, declared: Sequence[str] = (), *, own: bool = True) -> Body:
    """Return the code for a way and the way back; `declared` are comments that the file must hold.

    With `own`, steps are written as Alembic's operations where it has exact ones; otherwise all are SQL.
    """
    return Body(upgrade="\n".join([*declared, _code(up, own)]), downgrade=_code(down, own))


def _code(way: Way, own: bool) -> str:
    tables = Tables(way.plan, way.after)
    operations = Operations(tables, way.before, way.after)
    translated = [(step, operations.translate(step) if own else None) for step in way.plan.steps]
    made = frozenset[object]()
    if own:
        # A table that stays SQL makes no sequence by itself.
        written = {step.subject for step, code in translated if code}
        made = frozenset(
            id for column, ids in tables.serials.items() if column.parent in written for id in ids
        )
    kept = [(step, code) for step, code in translated if step.subject not in made]
    parts = [*policy_calls("withdraw_policies", way.withdrawn)]
    for alone, group in groupby(kept, key=lambda pair: is_alone(pair[0])):
        code = "\n".join(_written(step, code) for step, code in group)
        parts.append(f"{_OPEN}\n{indent(code)}" if alone else code)
    parts += policy_calls("declare_policies", way.declared)
    return "\n".join(parts)


def is_alone(step: Step) -> bool:
    """Tell whether a step must not share a transaction.

    PostgreSQL refuses one, or it reads a whole table and would hold the locks of what came before.
    """
    return not step.transactional or step.phase is Phase.BACKFILL


def _written(step: Step, code: str | None) -> str:
    return "\n".join([*remarks(step), code or call("run_step", block(step.sql))])


def remarks(step: Step) -> Iterator[str]:
    """Yield the comments for who reviews the revision: what it is, what waits for it, what it risks."""
    yield comment(f"{step.summary[:1].upper()}{step.summary[1:]}.")
    if step.lock and step.lock.blocks_writes and step.locks_on:
        yield comment(f"Lock: {step.lock.value} on {', '.join(id.path for id in step.locks_on)}.")
    for hazard in step.hazards:
        yield comment(f"{hazard.code.value}: {hazard.message}.")
