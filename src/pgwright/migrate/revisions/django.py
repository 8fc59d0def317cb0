"""Django's migrations, read from the files of the installed apps; Django is not imported."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pgwright.errors import SourceError
from pgwright.migrate.revisions.constants import assigned, constant, parse, texts
from pgwright.migrate.revisions.graph import Revision, Revisions

_ASK_DJANGO = "ask Django itself: python manage.py showmigrations"


@dataclass(frozen=True, kw_only=True)
class App:
    """Name an installed app: its label, and its folder of migrations (None without any)."""

    label: str
    migrations: Path | None


def read_django(settings: str, root: Path) -> Revisions:
    """Return the migrations of a project whose settings are the module `settings` below `root`.

    Ids are ``app.0001_initial``. Raises `SourceError` where the settings cannot be read without running
    them: no file, or INSTALLED_APPS put together by a program.
    """
    found: dict[str, Revision] = {}
    unread = []
    for name, app in _apps(settings, root):
        if app is None:
            unread.append(name)
        elif app.migrations is not None:
            found.update({r.id: r for r in _migrations(app.label, app.migrations)})
    first = {label: f"{label}.{sorted(names)[0]}" for label, names in _names(found).items()}
    return Revisions(
        by_id={id: _resolved(revision, found, first) for id, revision in found.items()},
        unread=tuple(unread),
    )


def _apps(settings: str, root: Path) -> Iterator[tuple[str, App | None]]:
    values = _settings(settings, root)
    installed = constant(values.get("INSTALLED_APPS"))
    if not isinstance(installed, list | tuple) or not all(isinstance(name, str) for name in installed):
        raise SourceError(
            f"INSTALLED_APPS of {settings} is no plain list", detail="nothing was run", hint=_ASK_DJANGO
        )
    moved = constant(values.get("MIGRATION_MODULES")) or {}
    for name in installed:
        yield name, _app(name, root, moved)


def _settings(settings: str, root: Path) -> Mapping[str, ast.expr]:
    base = root.joinpath(*settings.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if not path.is_file():
            continue
        tree = parse(path)
        values = dict(assigned(tree.body))
        # `from .base import *`, the usual way to share settings between environments.
        for statement in tree.body:
            match statement:
                case ast.ImportFrom(module=module, level=level, names=[ast.alias(name="*")]) if level:
                    package = settings.split(".") if path.name == "__init__.py" else settings.split(".")[:-1]
                    package = package[: len(package) - level + 1]
                    shared = ".".join([*package, *(module.split(".") if module else [])])
                    values = {**_settings(shared, root), **values}
        return values
    raise SourceError(
        f"there is no settings module {settings} in {root}",
        hint='correct models = "django:..." under [project] in pgwright.toml',
    )


def _app(name: str, root: Path, moved: Mapping[str, str | None]) -> App | None:
    folder, config = _folder(name, root), None
    if folder is None:
        # The dotted path of an AppConfig: package.apps.SomeConfig.
        module, _, config = name.rpartition(".")
        folder = _folder(module.removesuffix(".apps"), root)
        if folder is None:
            return None
        name = module.removesuffix(".apps")
    label = _label(folder, config) or name.rpartition(".")[2]
    if label in moved:
        module = moved[label] or ""
        place = _folder(module, root)
        return App(label=label, migrations=place) if place or not module else None
    migrations = folder / "migrations"
    return App(label=label, migrations=migrations if (migrations / "__init__.py").is_file() else None)


def _folder(package: str, root: Path) -> Path | None:
    if not package:
        return None
    parts = package.split(".")
    here = root.joinpath(*parts)
    if here.is_dir():
        return here
    # Only the top is looked up: finding `a.b` would import `a`.
    spec = importlib.util.find_spec(parts[0])
    places = list(spec.submodule_search_locations or ()) if spec else []
    found = (Path(place).joinpath(*parts[1:]) for place in places)
    return next((path for path in found if path.is_dir()), None)


def _label(folder: Path, config: str | None) -> str | None:
    """Return the label that the app's configuration sets."""
    path = folder / "apps.py"
    if not path.is_file():
        return None
    classes = [node for node in parse(path).body if isinstance(node, ast.ClassDef)]
    for node in classes:
        label = constant(assigned(node.body).get("label"))
        if isinstance(label, str) and (config is None or node.name == config):
            return label
    return None


def _migrations(label: str, folder: Path) -> Iterator[Revision]:
    for path in sorted(folder.glob("*.py")):
        if path.name.startswith(("_", "~")):
            continue
        for node in parse(path).body:
            if isinstance(node, ast.ClassDef) and node.name == "Migration":
                values = assigned(node.body)
                yield Revision(
                    id=f"{label}.{path.stem}",
                    parents=tuple(_pairs(values.get("dependencies"))),
                    message=path.stem,
                    path=path,
                    replaces=tuple(_pairs(values.get("replaces"))),
                )


def _pairs(value: ast.expr | None) -> Iterator[str]:
    """Yield ``app.name`` for each literal pair; a dependency on the user model is computed and left out."""
    for element in getattr(value, "elts", ()):
        pair = tuple(texts(element))
        if len(pair) == 2:
            yield ".".join(pair)


def _names(found: Mapping[str, Revision]) -> Mapping[str, list[str]]:
    names: dict[str, list[str]] = {}
    for id in found:
        label, _, name = id.partition(".")
        names.setdefault(label, []).append(name)
    return names


def _resolved(revision: Revision, known: Mapping[str, Revision], first: Mapping[str, str]) -> Revision:
    parents = []
    for parent in revision.parents:
        label, _, name = parent.partition(".")
        real = first.get(label, parent) if name in ("__first__", "__latest__") else parent
        if real in known and real != revision.id:
            parents.append(real)
    return Revision(
        id=revision.id,
        parents=tuple(parents),
        message=revision.message,
        path=revision.path,
        replaces=revision.replaces,
    )
