"""Find out what a folder holds (Alembic, Django, models) without importing any of it."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_SKIPPED = frozenset(
    {"node_modules", "site-packages", "venv", "env", "build", "dist", "__pycache__", "migrations", "alembic"}
)
_DEEPEST = 4
_LARGEST = 1_000_000  # bytes; generated code beyond it is no place for a declarative base
_MOST_FILES = 3000


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """Say what was found, in the forms that pgwright.toml takes, the likeliest first.

    `variables` are names in `.env` or `.env.example` whose values are database URLs.
    """

    models: tuple[str, ...] = ()
    migrations: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


def discover(root: Path) -> Discovery:
    """Search `root` for models, migrations and settings; files that cannot be read count as absent."""
    ini = sorted(root.glob("alembic.ini")) + sorted(root.glob("*/alembic.ini"))
    migrations = [f"alembic:{path.relative_to(root).as_posix()}" for path in ini]
    models = []
    if (manage := root / "manage.py").is_file():
        migrations.append("django")
        if match := re.search(r"DJANGO_SETTINGS_MODULE['\"]\s*,\s*['\"]([\w.]+)['\"]", _text(manage)):
            models.append(f"django:{match[1]}")
    models += [f"sqlalchemy:{base}" for base in _bases(root)]
    if (root / "schema.sql").is_file():
        models.append("file:schema.sql")
    return Discovery(models=tuple(models), migrations=tuple(migrations), variables=tuple(_variables(root)))


def _bases(root: Path) -> list[str]:
    """Return ``module:name`` of declarative bases.

    A base in ``app/db/base.py`` is reported as ``app.models:Base`` where ``app/models`` imports it:
    importing that package loads the tables, while the base's own module alone would load none.
    """
    found: list[tuple[str, str]] = []
    for path in _python_files(root):
        text = _text(path)
        if "DeclarativeBase" not in text and "declarative_base" not in text:
            continue
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        found += [(_module(root, path), name) for name in _declared(tree)]
    homes = list(_model_homes(root)) if found else []
    return [f"{_home(module, name, homes)}:{name}" for module, name in found]


def _model_homes(root: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each module called `models`, with the names that it imports and from where."""
    for path in _python_files(root):
        if path.name == "models.py" or path.match("models/__init__.py"):
            try:
                tree = ast.parse(_text(path))
            except (SyntaxError, ValueError):
                continue
            module = _module(root, path)
            package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
            imported: dict[str, str] = {}
            for node in tree.body:
                if isinstance(node, ast.ImportFrom):
                    start = package[: len(package) - node.level + 1] if node.level else []
                    origin = ".".join([*start, *filter(None, [node.module])])
                    imported |= {alias.asname or alias.name: origin for alias in node.names}
            yield module, imported


def _home(module: str, name: str, homes: Sequence[tuple[str, dict[str, str]]]) -> str:
    for home, imported in homes:
        if imported.get(name) == module:
            return home
    return module


def _declared(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any(_last(base) in _BASES for base in node.bases):
            yield node.name
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Call)
            and _last(node.value.func) == "declarative_base"
        ):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


_BASES = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta"})


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _module(root: Path, path: Path) -> str:
    parts = list(path.relative_to(root).with_suffix("").parts)
    if parts[0] == "src":
        parts = parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _python_files(root: Path) -> Iterator[Path]:
    seen = 0
    for folder, below, files in os.walk(root):
        here = Path(folder)
        depth = len(here.relative_to(root).parts)
        below[:] = sorted(
            d for d in below if d not in _SKIPPED and not d.startswith(".") and depth < _DEEPEST
        )
        for file in sorted(files):
            if file.endswith(".py") and not file.startswith("test_"):
                seen += 1
                if seen > _MOST_FILES:
                    return
                yield here / file


def _variables(root: Path) -> list[str]:
    names = []
    for file in (".env", ".env.example"):
        for match in re.finditer(
            r"^\s*(?:export\s+)?(\w+)\s*=\s*[\"']?postgres\w*(?:\+\w+)?://", _text(root / file), re.MULTILINE
        ):
            names.append(match[1])
    return sorted(dict.fromkeys(names), key=lambda name: (name != "DATABASE_URL", names.index(name)))


def _text(path: Path) -> str:
    try:
        return "" if path.stat().st_size > _LARGEST else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
