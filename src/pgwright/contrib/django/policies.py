"""What the apps of a project declare in ``policies.py``, and what their migrations hold of it.

::

    # apps/environmental/policies.py
    POLICIES = {
        "EnvironmentalReading": (TimeSeries("timestamp", "1 day"), Retain("1 year")),
    }
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig, apps
from django.db import models, router
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.utils.module_loading import module_has_submodule

from pgwright.contrib.django.timeseries import (
    OPERATIONS,
    AlterPolicy,
    PolicyOperation,
    RemovePolicy,
    carry_out,
)
from pgwright.errors import PolicyError
from pgwright.model.policy import Policy
from pgwright.model.policy_checks import require_declarable

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

MODULE = "policies"
Key = tuple[str, str, str]  # model in lower case, kind, name
_PLAIN = (
    models.IntegerField,
    models.FloatField,
    models.DecimalField,
    models.BooleanField,
    models.CharField,
    models.TextField,
    models.UUIDField,
    models.TimeField,
    models.DurationField,
)
_ORDER = {kind: position for position, kind in enumerate(OPERATIONS)}


def declared(app: AppConfig) -> dict[Key, Policy]:
    """Return what an app declares, in its order.

    Raises `PolicyError` for a model that the app has not, and for what does not fit the model's columns.
    """
    if app.module is None or not module_has_submodule(app.module, MODULE):
        return {}
    try:
        module = import_module(f"{app.name}.{MODULE}")
    except ValueError as exc:
        raise PolicyError(
            f"{app.name}.{MODULE} does not load: {exc}",
            detail="nothing was changed",
            hint=f"correct it, then try: python manage.py makepolicies {app.label} --dry-run",
        ) from exc
    found: Mapping[str, Sequence[Policy]] = getattr(module, "POLICIES", {})
    known = {model._meta.model_name: model for model in app.get_models()}
    result: dict[Key, Policy] = {}
    for model, policies in found.items():
        if model.lower() not in known:
            raise PolicyError(
                f"{app.name}.{MODULE} declares policies of {model}, which is no model of the app",
                detail=f"its models: {', '.join(sorted(str(m._meta.object_name) for m in known.values()))}",
                hint="correct the name",
            )
        fields = known[model.lower()]._meta.concrete_fields
        # A composite key is a field without a column.
        require_declarable(model, {f.column: _holds_moments(f) for f in fields if f.column}, policies)
        for policy in policies:
            result[model.lower(), policy.kind, policy.name] = policy
    return result


def _holds_moments(field: models.Field[Any, Any]) -> bool | None:
    """Tell whether a field holds moments in time; None for one that does not say."""
    if isinstance(field, models.DateField):
        return True
    return False if isinstance(field, _PLAIN) else None


def recorded(loader: MigrationLoader, app_label: str) -> dict[Key, Policy]:
    """Return the policies that an app's migrations lead to."""
    found: dict[Key, Policy] = {}
    leaves = loader.graph.leaf_nodes(app_label)
    for node in dict.fromkeys(n for leaf in leaves for n in loader.graph.forwards_plan(leaf)):
        if node[0] != app_label:
            continue
        for operation in loader.graph.nodes[node].operations:
            if not isinstance(operation, PolicyOperation):
                continue
            for policy, gone in operation.changes():
                key = (operation.model_name.lower(), policy.kind, policy.name)
                if gone:
                    found.pop(key, None)
                else:
                    found[key] = policy
    return found


def missing_operations(wanted: Mapping[Key, Policy], present: Mapping[Key, Policy]) -> Iterator[Operation]:
    """Yield the operations that lead from what migrations hold to what is declared; what ends goes first."""
    gone = [key for key in present if key not in wanted]
    for key in sorted(gone, key=lambda k: -_ORDER[k[1]]):
        yield RemovePolicy(key[0], present[key])
    for key in sorted(wanted, key=lambda k: _ORDER[k[1]]):
        model, kind, _ = key
        if key not in present:
            yield OPERATIONS[kind](model, wanted[key])
        elif present[key] != wanted[key]:
            yield AlterPolicy(model, present[key], wanted[key])


def declare_project(connection: BaseDatabaseWrapper) -> None:
    """Make all that the apps of the project declare hold in a database that has their tables, or some."""
    wanted: list[tuple[str, Policy, bool]] = []
    for app in apps.get_app_configs():
        known: dict[str, Any] = {m._meta.model_name or "": m for m in app.get_models()}
        wanted += [
            (known[model]._meta.db_table, policy, False)
            for (model, *_), policy in declared(app).items()
            if router.allow_migrate_model(connection.alias, known[model])
        ]
    carry_out(connection, wanted)
