"""What an app's migrations lead to: the policies they hold, and the columns renamed since those were said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import DeleteModel, RenameField, RenameModel, SeparateDatabaseAndState
from django.db.migrations.state import ProjectState

from pgwright.contrib.django.timeseries import AlterPolicy, FollowRenames, PolicyOperation
from pgwright.model.policy import Policy

Key = tuple[str, str, str]  # model in lower case, kind, name
Renames = tuple[tuple[str, str], ...]  # old and new names of columns, one after the other


@dataclass(kw_only=True)
class Recorded:
    """Hold the policies of an app's migrations, and by model what was renamed since policies last changed."""

    policies: dict[Key, Policy] = field(default_factory=dict)
    renames: dict[str, Renames] = field(default_factory=dict)

    def renames_under(self, model: str, policies: Iterable[Policy]) -> Renames:
        """Return the renames of a model's columns if some policy names one of those that were."""
        found = self.renames.get(model, ())
        text = " ".join(repr(policy.arguments()) for policy in policies)
        return found if any(re.search(rf"\b{re.escape(old)}\b", text) for old, _ in found) else ()

    def follow(self, operation: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Take an operation into account that leads its model from some fields to others."""
        match operation:
            case RenameModel():
                # The table keeps what is declared about it, under whatever name.
                was, now = operation.old_name_lower, operation.new_name_lower
                self.policies = {(now if m == was else m, k, n): p for (m, k, n), p in self.policies.items()}
                self.renames = {now if m == was else m: found for m, found in self.renames.items()}
            case DeleteModel():
                gone = operation.name_lower
                self.policies = {key: policy for key, policy in self.policies.items() if key[0] != gone}
                self.renames.pop(gone, None)
            case PolicyOperation():
                self._change(operation)
            case _ if model := getattr(operation, "model_name", "").lower():
                found = tuple(_renamed(operation, before, after))
                if found and any(key[0] == model for key in self.policies):
                    self.renames[model] = (*self.renames.get(model, ()), *found)

    def _change(self, operation: PolicyOperation) -> None:
        model = operation.model_name.lower()
        for policy, gone in operation.changes():
            key = (model, policy.kind, policy.name)
            if gone:
                self.policies.pop(key, None)
            else:
                self.policies[key] = policy
        if isinstance(operation, AlterPolicy | FollowRenames):
            self.renames.pop(model, None)


def recorded(loader: MigrationLoader, app_label: str) -> Recorded:
    """Return what an app's migrations lead to."""
    found, state = Recorded(), ProjectState(real_apps=loader.unmigrated_apps)
    leaves = loader.graph.leaf_nodes(app_label)
    for node in dict.fromkeys(n for leaf in leaves for n in loader.graph.forwards_plan(leaf)):
        for operation in _spread(loader.graph.nodes[node].operations):
            before = _fields(operation, app_label, state)
            operation.state_forwards(node[0], state)
            if node[0] == app_label:
                found.follow(operation, before, _fields(operation, app_label, state))
    return found


def _fields(operation: Any, label: str, state: ProjectState) -> Mapping[str, Any]:
    """Return the fields of the model that an operation is about, as they are at that moment."""
    model = state.models.get((label, getattr(operation, "model_name", "").lower()))
    return dict(model.fields) if model else {}


def _spread(operations: Iterable[Any]) -> Iterator[Any]:
    """Yield operations with those inside that say what becomes of the models."""
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _spread(operation.state_operations)
        else:
            yield operation


def _renamed(
    operation: Any, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield the columns of a model that have other names after an operation, as (old, new)."""
    names = {name: name for name in before}
    if isinstance(operation, RenameField):
        names[operation.old_name] = operation.new_name
    for was, now in names.items():
        if now in after:
            old, new = _column(was, before[was]), _column(now, after[now])
            if old and new and old != new:
                yield old, new


def _column(name: str, field: Any) -> str | None:
    """Return the column of a field; those of a state know none by themselves, and some have none."""
    known = field.clone()
    known.set_attributes_from_name(name)
    return None if field.many_to_many else known.column
