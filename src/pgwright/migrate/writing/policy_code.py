"""Policies as calls in an Alembic revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from pgwright.kinds.steps import parent_of
from pgwright.kinds.timeseries.policy_records import declaring_policy
from pgwright.migrate.writing.alembic_tables import schema_of
from pgwright.migrate.writing.code import call, comment, given, items, literal, mapping
from pgwright.model.catalog import CatalogObject
from pgwright.model.policy import Policy

_NAMES = ("Compress", "Retain", "Rollup", "TimeSeries", "declare_policies", "withdraw_policies")
_MODULE = "pgwright.contrib.sqlalchemy"


def policy_calls(function: str, objects: Sequence[CatalogObject]) -> Iterator[str]:
    """Yield a call of `function` for each run of policies about one table."""
    for table, group in groupby(objects, key=lambda o: parent_of(o.id)):
        members = list(group)
        policies = [_policy(declaring_policy(o)) for o in members]
        what = ", ".join(o.id.kind.replace("_", " ") for o in members)
        verb = "End" if function == "withdraw_policies" else "Declare"
        yield comment(f"{verb} {what} of {table.path}.")
        if any(o.id.kind == "time_series" for o in members):
            yield comment(f"Lock: ACCESS EXCLUSIVE on {table.path}.")
        where = given({"schema": schema_of(table)})
        yield call(function, "op.get_bind()", literal(table.name.name), *policies, **where)


def policy_import(code: str) -> Iterator[str]:
    """Yield the line that imports the names that `code` calls."""
    used = [name for name in _NAMES if f"{name}(" in code]
    if used:
        yield f"from {_MODULE} import {', '.join(used)}"


def _policy(policy: Policy) -> str:
    first, *rest = policy.arguments().items()
    named = {name: _value(name, value) for name, value in rest}
    return call(type(policy).__name__, literal(first[1]), **named)


def _value(name: str, value: object) -> str:
    if name == "aggregates" and isinstance(value, tuple):
        return mapping({name: literal(text) for name, text in value})
    return items(map(literal, value)) if isinstance(value, tuple) else literal(value)
