"""Write migrations as `makemigrations` would, in the process that runs them, but safe on a live database."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connections, migrations, router
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter
from django.utils.module_loading import module_has_submodule

from pgwright.contrib.django.history import recorded
from pgwright.contrib.django.online import online
from pgwright.contrib.django.policies import declared, missing_operations
from pgwright.contrib.django.timeseries import RemovePolicy
from pgwright.errors import UsageError, WriteRefused

_CLASS = "class Migration(migrations.Migration):\n"
_VALUE = "give it null=True, a default or a db_default in the model; existing rows need a value"


class Questions(MigrationQuestioner):
    """Answer Django's questions with what people told, and remember those that nobody answered."""

    def __init__(self, renames: tuple[str, ...], refused: tuple[str, ...]) -> None:
        super().__init__()
        no = dict.fromkeys((key for rename in refused for key in _keys(rename)), False)
        self._told = no | dict.fromkeys((key for rename in renames for key in _keys(rename)), True)
        self._none = "*" in refused
        self.open: list[str] = []

    def ask_rename(self, model_name: str, old_name: str, new_name: str, field_instance: Any) -> bool:
        """Tell whether a field was renamed."""
        return self._ask(f"{model_name}.{old_name}={model_name}.{new_name}")

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        """Tell whether a model was renamed."""
        return self._ask(f"{old_model_state.name}={new_model_state.name}")

    def ask_not_null_addition(self, field_name: str, model_name: str) -> Any:
        """Refuse to invent a value."""
        raise WriteRefused(
            f"the new field {model_name}.{field_name} has no value for the rows that exist",
            detail="nothing was written",
            hint=_VALUE,
        )

    ask_auto_now_add_addition = ask_not_null_addition

    def ask_not_null_alteration(self, field_name: str, model_name: str) -> Any:
        """Leave existing nulls to whoever runs it: the database refuses them, and says so."""
        from django.db.models import NOT_PROVIDED

        return NOT_PROVIDED

    def _ask(self, rename: str) -> bool:
        answer = self._told.get(rename.lower())
        if answer is None and not self._none:
            self.open.append(rename)
        return bool(answer)


def _keys(rename: str) -> Iterator[str]:
    """Yield a rename in lower case, as written and without the label of the app."""
    old, _, new = rename.lower().partition("=")
    yield f"{old}={new}"
    if "." in old:
        yield "=".join(side.partition(".")[2] for side in (old, new))


def detect(connection: Any, chosen: dict[str, Any]) -> dict[str, Any]:
    """Write what differs between migrations and models; return the files and what they lose, or questions.

    Policies end before the models change and begin after it.
    """
    asked = Questions(tuple(chosen.get("renames", ())), tuple(chosen.get("refused", ())))
    found = _changes(connection, chosen, asked)
    if asked.open:
        return {"questions": list(dict.fromkeys(asked.open))}
    written = _write_policies(connection, chosen, ending=True)
    if written:
        found = _changes(connection, chosen, asked)
    written += _write_all(found)
    written += _write_policies(connection, chosen, ending=False)
    lost = [name for m in found for name in _lost(m)]
    return {"written": written, "lost": lost, "elsewhere": _changed_elsewhere(connection.alias)}


def _changed_elsewhere(alias: str) -> dict[str, list[str]]:
    """Return the project's apps of other databases that changed as well, with the aliases of these."""
    here = _apps_in(alias)
    others = {app.label for app in apps.get_app_configs() if app.label not in here and _is_own(app.label)}
    if not others:
        return {}
    loader = MigrationLoader(None, ignore_no_migrations=True)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    changes = detector.changes(graph=loader.graph, trim_to_apps=others, convert_apps=others)
    inside = {name: _apps_in(name) for name in connections}
    homes = {label: [name for name in inside if label in inside[name]] for label in sorted(others)}
    return {label: found for label, found in homes.items() if found and label in changes}


def _changes(connection: Any, chosen: dict[str, Any], asked: Questions) -> list[Migration]:
    loader = MigrationLoader(connection)
    before = loader.project_state()
    detector = MigrationAutodetector(before, ProjectState.from_apps(apps), asked)
    label, here = chosen.get("app"), _apps_in(connection.alias)
    if label and label not in here:
        raise UsageError(
            f"the models of {label} are in another database than {connection.alias}",
            detail=f"routers let into it: {', '.join(sorted(here)) or 'no app'}; nothing was written",
            hint="choose their database: --database NAME",
        )
    changes = detector.changes(
        graph=loader.graph,
        trim_to_apps={label} if label else here,
        convert_apps={label} if label else None,
        migration_name=slug(chosen["message"]),
    )
    if chosen.get("online", True):
        changes = online(changes, before)
    return [m for written in changes.values() for m in written]


def _apps_in(alias: str) -> set[str]:
    """Return the apps that routers let into the database: the others' migrations do nothing there."""
    found = set()
    for app in apps.get_app_configs():
        kept = [
            router.allow_migrate_model(alias, model) for model in app.get_models(include_auto_created=True)
        ]
        if any(kept) or (not kept and router.allow_migrate(alias, app.label)):
            found.add(app.label)
    return found


def _lost(migration: Any) -> Iterator[str]:
    """Yield the models and fields whose values the operations delete."""
    for operation in migration.operations:
        match operation:
            case migrations.DeleteModel():
                yield f"{migration.app_label}.{operation.name}"
            case migrations.RemoveField():
                yield f"{migration.app_label}.{operation.model_name}.{operation.name}"


def _write_policies(connection: Any, chosen: dict[str, Any], *, ending: bool) -> list[dict[str, Any]]:
    loader = MigrationLoader(connection, ignore_no_migrations=True)
    found = []
    here = _apps_in(connection.alias)
    for app in apps.get_app_configs():
        if app.label in here and chosen.get("app") in (None, app.label):
            missing = missing_operations(declared(app), recorded(loader, app.label))
            operations = [o for o in missing if isinstance(o, RemovePolicy) is ending]
            if operations:
                name = "policies_end" if ending else "policies"
                found.append(numbered(loader, app.label, f"{slug(chosen['message'])}_{name}", operations))
    return _write_all(found)


def numbered(loader: MigrationLoader, label: str, name: str, operations: list[Any]) -> Any:
    """Return a migration that follows those of an app."""
    leaves = loader.graph.leaf_nodes(label)
    number = max((int(n[:4]) for _, n in leaves if re.match(r"\d{4}", n)), default=0) + 1
    migration: Any = Migration(f"{number:04d}_{name}", label)
    migration.operations, migration.dependencies = operations, list(leaves)
    return migration


def write_text(connection: Any, chosen: dict[str, Any]) -> dict[str, Any]:
    """Write a migration whose operations are given as code, or none at all."""
    loader = MigrationLoader(connection)
    label = _app(chosen, connection.alias)
    migration = numbered(loader, label, slug(chosen["message"]), [])
    if chosen.get("needs_all"):
        # What it says may be about tables of any app.
        others = [node for node in loader.graph.leaf_nodes() if node[0] != label and _is_own(node[0])]
        migration.dependencies += others
    migration.atomic = bool(chosen.get("atomic", True))
    text = _filled(_text(migration), chosen) if chosen.get("code") else _text(migration)
    return {"written": _write_all([migration], text)}


def _write_all(found: list[Any], text: str | None = None) -> list[dict[str, Any]]:
    """Write the files; `text` is that of the only one, where it is more than Django would write."""
    texts = {Path(MigrationWriter(m).path): (m, text or _text(m)) for m in found}
    for path in texts:
        if path.exists():
            raise WriteRefused(f"{path} exists already", detail="nothing was written", hint="give another -m")
    written = []
    for path, (migration, content) in texts.items():
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(content, encoding="utf-8")
        own = [name for app, name in migration.dependencies if app == migration.app_label]
        follows = [f"{migration.app_label}.{own[0] if own else 'zero'}"]
        revision = f"{migration.app_label}.{migration.name}"
        steps = [operation.describe() for operation in migration.operations]
        written.append({"revision": revision, "path": str(path), "follows": follows, "steps": steps})
    importlib.invalidate_caches()
    return written


def _text(migration: Any) -> str:
    text = MigrationWriter(migration).as_string()
    return text if migration.atomic else text.replace(_CLASS, f"{_CLASS}    atomic = False\n", 1)


def _filled(text: str, chosen: dict[str, Any]) -> str:
    """Return the text of an empty migration with operations that are given as code."""
    text = text.replace("    operations = [\n    ]", f"    operations = [\n{chosen['code']}\n    ]", 1)
    comments = "".join(f"{line}\n" for line in chosen.get("comments", ()))
    head = "".join(f"{line}\n" for line in chosen["imports"]) + (f"\n{comments}" if comments else "")
    return text.replace("\n\nclass Migration", f"{head}\n\nclass Migration", 1)


def _app(chosen: dict[str, Any], alias: str) -> str:
    if label := chosen.get("app"):
        try:
            return apps.get_app_config(label).label
        except LookupError as exc:
            raise UsageError(
                str(exc).splitlines()[0], detail="nothing was written", hint="see INSTALLED_APPS"
            ) from exc
    here = _apps_in(alias)
    own = [config for config in apps.get_app_configs() if config.label in here and _is_own(config.label)]
    declaring = [config for config in own if module_has_submodule(config.module, "declarations")]
    candidates = declaring or own
    if len(candidates) == 1:
        return candidates[0].label
    # Beside what was written just now, rather than nowhere.
    if chosen.get("near"):
        return str(chosen["near"])
    raise UsageError(
        "several apps could hold this migration",
        detail=", ".join(config.label for config in candidates) + "; nothing was written",
        hint="name one: --app LABEL",
    )


def _is_own(label: str) -> bool:
    """Tell whether an app is the project's and not an installed package's, nor pgwright's."""
    config = apps.get_app_config(label)
    return "site-packages" not in Path(config.path).parts and not config.name.startswith("pgwright.")


def slug(message: str) -> str:
    """Return the words of a message as the name of a file."""
    return re.sub(r"\W+", "_", message.lower()).strip("_")[:50] or "auto"
