"""Turn what Django's autodetector found into operations that a live database can bear."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.postgres import operations as postgres
from django.db import migrations, models
from django.db.migrations.migration import Migration

from pgwright.contrib.django.operations import (
    AddConstraintNotValid,
    AddFieldOnline,
    AddIndexConcurrently,
    AddUniqueConstraintOnline,
    AlterFieldOnline,
    RemoveIndexConcurrently,
    ValidateConstraint,
)

_OF_FIELDS = (AddFieldOnline, AlterFieldOnline)
_LIVE = (
    *_OF_FIELDS,
    AddConstraintNotValid,
    AddUniqueConstraintOnline,
    ValidateConstraint,
    postgres.AddIndexConcurrently,
    postgres.RemoveIndexConcurrently,
)
_Changes = Mapping[str, list[Migration]]
_Models = dict[str, dict[str, Any]]  # the fields of an app's models, both by name


def online(changes: _Changes, state: Any) -> dict[str, list[Any]]:
    """Return the migrations with safe operations, those that need no transaction in files of their own.

    `state` is the project's before them. Who depends on a migration that is divided depends on its last part.
    """
    parts: dict[tuple[str, str], list[Any]] = {}
    for label, written in changes.items():
        known = {name: dict(model.fields) for (app, name), model in state.models.items() if app == label}
        more = 0
        for m in written:
            parts[label, m.name] = _divided(m, known, more)
            more += len(parts[label, m.name]) - 1
    for divided in parts.values():
        first = divided[0]
        first.dependencies = [
            (app, parts[app, name][-1].name) if (app, name) in parts else (app, name)
            for app, name in first.dependencies
        ]
    return {
        label: [part for m in written for part in parts[m.app_label, m.name]]
        for label, written in changes.items()
    }


def _divided(migration: Migration, known: _Models, more: int) -> list[Any]:
    """Return the parts of a migration, numbered after the `more` that those before it have grown by.

    `known` are the models that stood before; they are renamed as the operations say.
    """
    found: list[Any] = []
    before = list(migration.dependencies)
    operations: list[Any] = []
    for operation in migration.operations:
        operations += _safe(operation, known)
        _rename(operation, known)
    for place, (live, members) in enumerate(_runs(operations) or [(False, [])]):
        part: Any = Migration(_numbered(migration.name, place, more), migration.app_label)
        part.operations, part.dependencies = members, before
        part.initial = migration.initial if not place else None
        part.atomic = not live
        found.append(part)
        before = [(migration.app_label, part.name)]
    return found


def _runs(operations: list[Any]) -> list[tuple[bool, list[Any]]]:
    """Divide the operations by whether they need a transaction, in as few runs as their order allows."""
    runs: list[tuple[bool, list[Any]]] = []
    for operation in operations:
        live = isinstance(operation, _LIVE)
        if runs and live == runs[-1][0]:
            runs[-1][1].append(operation)
        elif runs and not live and all(_can_pass(operation, other) for other in runs[-1][1]):
            if len(runs) == 1:
                runs.insert(0, (False, []))
            runs[-2][1].append(operation)
        else:
            runs.append((live, [operation]))
    return runs


def _can_pass(operation: Any, live: Any) -> bool:
    """Tell whether an operation on a field or a new model may as well come before a live one."""
    if isinstance(operation, migrations.CreateModel):
        return True
    if not isinstance(operation, migrations.AddField | migrations.AlterField):
        return False
    if operation.model_name.lower() != live.model_name.lower():
        return True
    if isinstance(operation, migrations.AlterField) and not isinstance(live, _OF_FIELDS):
        # An index or a constraint on the field may not bear its new type, or need it.
        return False
    generated = getattr(operation.field, "generated", False)
    return not generated and getattr(live, "name", None) != operation.name


def _numbered(name: str, place: int, more: int) -> str:
    number, _, rest = name.partition("_")
    end = f"_{place + 1}" if place else ""
    return f"{int(number) + place + more:04d}_{rest}{end}"


def _rename(operation: Any, known: _Models) -> None:
    if isinstance(operation, migrations.RenameModel) and operation.old_name_lower in known:
        known[operation.new_name_lower] = known.pop(operation.old_name_lower)


def _safe(operation: Any, known: _Models) -> Iterable[Any]:
    """Return the operations that do the same on a live table; one that is not known is new."""
    fields = known.get(getattr(operation, "model_name", "").lower())
    if fields is None:
        return [operation]
    found: list[Any] = [operation]
    match operation:
        case migrations.AddIndex():
            found = [AddIndexConcurrently(operation.model_name, operation.index)]
        case migrations.RemoveIndex():
            found = [RemoveIndexConcurrently(operation.model_name, operation.name)]
        case migrations.AddConstraint(constraint=models.CheckConstraint()):
            added = AddConstraintNotValid(operation.model_name, operation.constraint)
            found = [added, ValidateConstraint(operation.model_name, operation.constraint.name)]
        case migrations.AddConstraint(constraint=models.UniqueConstraint()):
            found = [AddUniqueConstraintOnline(operation.model_name, operation.constraint)]
        case migrations.AddField() if _has_more(operation.field):
            found = [AddFieldOnline(**operation.deconstruct()[2])]
        case migrations.AlterField() if _looks_at_rows(operation, fields):
            found = [AlterFieldOnline(**operation.deconstruct()[2])]
    return found


def _has_more(field: Any) -> bool:
    """Tell whether an index or a foreign key hangs on the column."""
    if field.many_to_many or field.primary_key:
        return False
    return bool(field.remote_field or field.db_index or field.unique)


def _looks_at_rows(operation: Any, fields: Mapping[str, Any]) -> bool:
    """Tell whether nulls are forbidden from now on, or equal values."""
    old, new = fields.get(operation.name), operation.field
    if old is None or new.primary_key:
        return False
    return (old.null and not new.null) or (new.unique and not old.unique)
