"""The source tree as the architecture tests see it: files, syntax trees, registries."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "src" / "pgwright"
_ENTRY = re.compile(r"pgwright(?:\.\w+)*:\w+")


@cache
def modules(*folders: str) -> tuple[Path, ...]:
    """Return the Python files below the `folders` of the repository that git would keep."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(sorted(path for path in found if not _ignored(path)))


def _ignored(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return any(
        part.startswith(".") or part in ("__pycache__", "build", "dist", "node_modules") for part in parts
    )


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def dotted(path: Path) -> str:
    """Return the import name of a module of the package."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def sql_files() -> tuple[Path, ...]:
    return tuple(sorted(PACKAGE.rglob("*.sql")))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a registry: a mapping of name to ``"module:attribute"``, perhaps with a summary."""

    registry: str
    name: str
    module: str
    attribute: str
    summary: str

    def __str__(self) -> str:
        return f"{self.registry}[{self.name}]"


@cache
def entries() -> tuple[Entry, ...]:
    """Return the lines of every registry of the package, found by their form."""
    return tuple(entry for path in modules("src/pgwright") for entry in _entries(path))


def _entries(path: Path) -> Iterator[Entry]:
    for statement in parsed(path).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=registry)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=registry), value=value):
                pass
            case _:
                continue
        mappings = (node for node in ast.walk(value) if isinstance(node, ast.Dict)) if value else ()
        for mapping in mappings:
            for key, target in zip(mapping.keys, mapping.values, strict=True):
                texts = _leading_texts(target)
                if isinstance(key, ast.Constant) and texts and _ENTRY.fullmatch(texts[0]):
                    module, _, attribute = texts[0].partition(":")
                    yield Entry(
                        registry=f"{dotted(path)}.{registry}",
                        name=str(key.value),
                        module=module,
                        attribute=attribute,
                        summary=texts[1] if len(texts) > 1 else "",
                    )


def _leading_texts(value: ast.expr) -> tuple[str, ...]:
    """Return a text, or the texts that a call or tuple begins with: ``Entry("module:attr", "what")``."""
    match value:
        case ast.Constant(value=str(text)):
            return (text,)
        case ast.Call(args=parts) | ast.Tuple(elts=parts):
            texts = (part.value if isinstance(part, ast.Constant) else None for part in parts)
            return tuple(_while_text(texts))
    return ()


def _while_text(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if not isinstance(value, str):
            return
        yield value


@cache
def purpose(module: str) -> str:
    """Return the first line of a module's docstring without its full stop."""
    path = PACKAGE.parent / Path(*module.split("."))
    file = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
    return (ast.get_docstring(parsed(file)) or "").partition("\n")[0].rstrip(".")


@cache
def top_level_names(path: Path) -> Mapping[str, str]:
    """Return what a module assigns or defines at its top level: name -> in which form."""
    names: dict[str, str] = {}
    for statement in parsed(path).body:
        match statement:
            case ast.FunctionDef(name=name, decorator_list=decorators):
                names[name] = "decorated function" if decorators else "function"
            case ast.ClassDef(name=name):
                names[name] = "class"
            case ast.AnnAssign(target=ast.Name(id=name)):
                names[name] = "value"
            case ast.Assign(targets=targets):
                names |= {target.id: "value" for target in targets if isinstance(target, ast.Name)}
    return names


@cache
def documentation() -> str:
    """Return the text of the README and of every page under ``docs``."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages if page.is_file())
