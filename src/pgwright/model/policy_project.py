"""What the models of a project tell together about what they declare, before any database is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pgwright.errors import PolicyError
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Join, Policy, Retain, Rollup, TimeSeries
from pgwright.model.wording import did_you_mean


@dataclass(frozen=True, kw_only=True)
class DeclaringModel:
    """Hold what a model is called, its table, its columns, and all that it declares."""

    name: str
    table: QualifiedName
    columns: Sequence[str]
    policies: tuple[Policy, ...]


def require_consistent(models: Iterable[DeclaringModel]) -> None:
    """Raise `PolicyError` for declarations that need what no model of the project has.

    Only tables that have models are asked: others may be there all the same.
    """
    known = {model.table: model for model in models}
    filled: dict[QualifiedName, tuple[DeclaringModel, Rollup]] = {}
    for model in known.values():
        for rollup in _rollups(model):
            _require_own(model, rollup, known, filled)
            filled[_beside(model.table, rollup.name)] = (model, rollup)
    for model in known.values():
        for policy in model.policies:
            if isinstance(policy, (Rollup, Retain)) and model.table not in filled:
                _require_time(model, policy)
            if isinstance(policy, Rollup):
                for join in policy.joins:
                    _require_join(model, policy, join, known)


def _rollups(model: DeclaringModel) -> list[Rollup]:
    return [policy for policy in model.policies if isinstance(policy, Rollup)]


def _beside(table: QualifiedName, name: str) -> QualifiedName:
    schema, _, bare = name.rpartition(".")
    return QualifiedName(schema or table.schema, bare)


def _require_own(
    model: DeclaringModel,
    rollup: Rollup,
    known: Mapping[QualifiedName, DeclaringModel],
    filled: Mapping[QualifiedName, tuple[DeclaringModel, Rollup]],
) -> None:
    """Raise `PolicyError` for a rollup whose table is that of another one, or lacks its columns."""
    table = _beside(model.table, rollup.name)
    if table in filled or table == model.table:
        taken = f"another rollup, of {filled[table][0].name}" if table in filled else "its own rows"
        raise PolicyError(
            f"rollup {rollup.name} of {model.name} would fill {table}, which is the table of {taken}",
            detail="each rollup has a table of its own",
            hint="give it another name",
        )
    if table in known:
        keys = (rollup.bucket_column, *rollup.group_by) if rollup.bucket else rollup.group_by
        wanted = (*keys, *(name for name, _ in rollup.aggregates))
        lacking = [name for name in wanted if name not in known[table].columns]
        if lacking:
            raise PolicyError(
                f"the model of {known[table].name} has no column {lacking[0]} for rollup {rollup.name} of "
                f"{model.name} to fill{did_you_mean(lacking[0], known[table].columns)}",
                detail=f"the rollup fills {', '.join(wanted)}",
                hint="add the column to that model, or take it out of the rollup",
            )


def _require_time(model: DeclaringModel, policy: Rollup | Retain) -> None:
    """Raise `PolicyError` where nothing says which column tells the time."""
    if policy.column or any(isinstance(other, TimeSeries) for other in model.policies):
        return
    if isinstance(policy, Rollup):
        if not policy.bucket or policy.of:
            return
        what, call = f"rollup {policy.name} of {model.name} has a bucket", f"Rollup({policy.name!r}, ...,"
    else:
        what, call = f"{model.name} retires old rows", f"Retain({policy.keep!r},"
    raise PolicyError(
        f"{what}, and nothing says which column tells the time",
        detail=f"{model.name} declares no TimeSeries",
        hint=f"name the column, {call} column='created_at'), or declare TimeSeries('created_at', '1 month')",
    )


def _require_join(
    model: DeclaringModel, rollup: Rollup, join: Join, known: Mapping[QualifiedName, DeclaringModel]
) -> None:
    """Raise `PolicyError` for columns to join on that one of the two models has not."""
    pairs = dict(join.on)
    for other, columns in ((known.get(_beside(model.table, join.table)), pairs), (model, pairs.values())):
        missing = [name for name in columns if other is not None and name not in other.columns]
        if other is not None and missing:
            raise PolicyError(
                f"the model of {other.name} has no column {missing[0]}"
                f"{did_you_mean(missing[0], other.columns)}",
                detail=f"rollup {rollup.name} of {model.name} joins {join.table} on it; there are "
                f"{', '.join(sorted(other.columns))}",
                hint=f"on pairs columns of {join.table} with those of {model.name}",
            )
