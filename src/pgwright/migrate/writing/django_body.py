"""What Django has no operations for, as `RunSteps` of a migration."""

from __future__ import annotations

from collections.abc import Iterator

from pgwright.migrate.writing.alembic_body import is_alone, remarks
from pgwright.migrate.writing.code import block, indent
from pgwright.model.plan import Plan, Step

_RUN, _ALONE = "RunSteps", "Alone"


def write_steps(up: Plan, down: Plan) -> tuple[str, tuple[str, ...], bool]:
    """Return the operation as code, the lines that import its names, and whether one transaction holds it."""
    parts = [f"{name}=[\n{indent(_list(plan))}\n]," for name, plan in (("forward", up), ("backward", down))]
    code = f"{_RUN}(\n{indent(chr(10).join(parts))}\n),"
    alone = any(is_alone(step) for plan in (up, down) for step in plan.steps)
    names = f"{_ALONE}, {_RUN}" if alone else _RUN
    return indent(code, 2), (f"from pgwright.contrib.django.operations import {names}",), not alone


def _list(plan: Plan) -> str:
    return "\n".join(line for step in plan.steps for line in _item(step))


def _item(step: Step) -> Iterator[str]:
    yield from remarks(step)
    code = block(step.sql)
    if is_alone(step):
        yield f"{_ALONE}({code})," if "\n" not in code else f"{_ALONE}(\n{indent(code)},\n),"
    else:
        yield f"{code}," if "\n" not in code or code.startswith('"""') else f"(\n{indent(code)}\n),"
