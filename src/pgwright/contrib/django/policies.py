"""What the apps of a project declare in ``policies.py``, and what their migrations hold of it.

::

    # apps/environmental/policies.py
    POLICIES = {
        "EnvironmentalReading": (TimeSeries("timestamp", "1 day"), Retain("1 year")),
    }
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig, apps
from django.db import models, router
from django.db.migrations.operations.base import Operation
from django.utils.module_loading import module_has_submodule

from pgwright.contrib.django.history import Key, Recorded
from pgwright.contrib.django.timeseries import (
    OPERATIONS,
    AlterPolicy,
    FollowRenames,
    RemovePolicy,
    carry_out,
)
from pgwright.errors import PolicyError
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Policy
from pgwright.model.policy_checks import require_declarable
from pgwright.model.policy_project import DeclaringModel, require_consistent
from pgwright.sources.builder import place_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

MODULE = "policies"
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
    except (ValueError, TypeError) as exc:
        told = exc if isinstance(exc, PolicyError) else None
        raise PolicyError(
            f"{app.name}.{MODULE} does not load: {place_of(exc)}{told.message if told else exc}",
            detail="nothing was changed",
            hint=(told and told.hint)
            or f"correct it, then try: python manage.py makepolicies {app.label} --dry-run",
        ) from exc
    found = getattr(module, MODULE.upper(), {})
    _require_mapping(app, found)
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


def _require_mapping(app: AppConfig, found: object) -> None:
    """Raise `PolicyError` unless models' names stand for their policies."""
    fits = isinstance(found, Mapping) and all(
        isinstance(model, str)
        and isinstance(policies, (list, tuple))
        and all(isinstance(policy, Policy) for policy in policies)
        for model, policies in found.items()
    )
    if not fits:
        raise PolicyError(
            f"{MODULE.upper()} of {app.name}.{MODULE} is no mapping of models' names to their policies",
            detail=f"it is {found!r}",
            hint="write, for example: POLICIES = {'Reading': (TimeSeries('at', '1 day'), Retain('1 year'))}",
        )


def project_policies() -> dict[str, dict[Key, Policy]]:
    """Return what the apps of the project declare, by their labels, in the order of the apps.

    Raises `PolicyError` for what does not fit, of one app, or of several together.
    """
    found = {app.label: declared(app) for app in apps.get_app_configs()}
    require_consistent(
        DeclaringModel(
            name=str(model._meta.object_name),
            table=QualifiedName(None, model._meta.db_table),
            columns=tuple(f.column for f in model._meta.concrete_fields if f.column),
            policies=tuple(
                policy for (name, *_), policy in found[app.label].items() if name == model._meta.model_name
            ),
        )
        for app in apps.get_app_configs()
        for model in app.get_models()
    )
    return found


def _holds_moments(field: models.Field[Any, Any]) -> bool | None:
    """Tell whether a field holds moments in time; None for one that does not say."""
    if isinstance(field, models.DateField):
        return True
    return False if isinstance(field, _PLAIN) else None


def missing_operations(wanted: Mapping[Key, Policy], present: Recorded) -> Iterator[Operation]:
    """Yield the operations that lead from what migrations hold to what is declared; what ends goes first.

    What names columns that were renamed changes in one operation for each model.
    """
    held = present.policies
    gone = sorted((key for key in held if key not in wanted), key=lambda k: -_ORDER[k[1]])
    ordered = sorted(wanted, key=lambda k: _ORDER[k[1]])
    altered = [key for key in ordered if key in held and held[key] != wanted[key]]
    following: dict[str, FollowRenames] = {}
    for model in dict.fromkeys(key[0] for key in (*gone, *altered)):
        old = [held[key] for key in (*altered, *gone) if key[0] == model]
        if renames := present.renames_under(model, old):
            new = [wanted[key] for key in altered if key[0] == model]
            following[model] = FollowRenames(model, list(renames), old, new)
    yield from (RemovePolicy(key[0], held[key]) for key in gone if key[0] not in following)
    yield from following.values()
    for key in ordered:
        model, kind, _ = key
        if key not in held:
            yield OPERATIONS[kind](model, wanted[key])
        elif key in altered and model not in following:
            yield AlterPolicy(model, held[key], wanted[key])


def declare_project(connection: BaseDatabaseWrapper) -> None:
    """Make all that the apps of the project declare hold in a database that has their tables, or some."""
    wanted: list[tuple[str, Policy, bool]] = []
    for label, policies in project_policies().items():
        known: dict[str, Any] = {m._meta.model_name or "": m for m in apps.get_app_config(label).get_models()}
        wanted += [
            (known[model]._meta.db_table, policy, False)
            for (model, *_), policy in policies.items()
            if router.allow_migrate_model(connection.alias, known[model])
        ]
    carry_out(connection, wanted)
