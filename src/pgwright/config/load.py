"""Find, read and resolve a project's configuration."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pgwright.config.backup import BackupConfig
from pgwright.config.django import DEFAULT_ALIAS
from pgwright.config.environment import environment_at
from pgwright.config.interpolate import MissingVariable, interpolate
from pgwright.config.project import ENVIRONMENTS, Database, Demo, Project
from pgwright.config.schema import Source, check
from pgwright.config.service import Service, parse_service
from pgwright.errors import ConfigError

FILE = "pgwright.toml"

# No connection text begins like this, so that an unresolved URL can never reach a server.
_UNRESOLVED = "unresolved:"


def load_project(start: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Project:
    """Return the project that `start` (a folder or a file; by default the current folder) belongs to.

    Looks upward for pgwright.toml, or pyproject.toml with ``[tool.pgwright]``. ``${NAME}`` is replaced from
    `environ` (by default the process's), then from `.env` beside the file. PGWRIGHT_URL replaces the
    default database's URL and PGWRIGHT_SCRATCH the scratch server.

    Raises `ConfigError` where there is no file, or it cannot be read, parsed or understood.
    """
    begin = (start or Path.cwd()).absolute()
    path = find_config(begin)
    if path is None:
        raise ConfigError(
            f"no {FILE} in {begin} or above it",
            detail="nothing was changed",
            hint="write one with: pgwright init (or name a database with --url)",
        )
    source, tree = _read(path)
    check(tree, source)
    variables = environment_at(path.parent, os.environ if environ is None else environ)
    return _build(tree, source, variables)


def ad_hoc_project(
    folder: Path | None = None, *, url: str | None = None, environ: Mapping[str, str] | None = None
) -> Project:
    """Return a project without a file: its one database is `url`, else PGWRIGHT_URL or DATABASE_URL.

    `.env` in the folder counts as well. Without any of them the project has no database, unless libpq's
    own PGHOST, PGSERVICE or PGDATABASE say where one is.
    """
    root = (folder or Path.cwd()).absolute()
    variables = environment_at(root, os.environ if environ is None else environ)
    text = url or variables.get("PGWRIGHT_URL") or variables.get("DATABASE_URL")
    if text is None and any(variables.get(name) for name in ("PGHOST", "PGSERVICE", "PGDATABASE")):
        text = ""
    databases = () if text is None else (Database(name="default", url=text),)
    scratch = variables.get("PGWRIGHT_SCRATCH") or "embedded"
    return Project(root=root, name=root.name or "project", databases=databases, scratch=scratch)


def find_config(start: Path) -> Path | None:
    """Return the nearest configuration file in `start` or above it; `start` may be the file itself."""
    if start.is_file():
        return start
    if not start.exists():
        raise ConfigError(f"{start} does not exist", hint="name a folder or a pgwright.toml with --project")
    for folder in (start, *start.parents):
        if os.path.lexists(own := folder / FILE):
            return own
        if (shared := folder / "pyproject.toml").is_file() and _mentions_pgwright(shared):
            return shared
    return None


def _mentions_pgwright(path: Path) -> bool:
    try:
        return re.search(rb"^\s*\[\s*tool\s*\.\s*pgwright\b", path.read_bytes(), re.MULTILINE) is not None
    except OSError:
        return False


def _read(path: Path) -> tuple[Source, Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path} is not UTF-8 text", detail=str(exc), hint="save it as UTF-8") from exc
    except OSError as exc:
        raise ConfigError(
            f"cannot read {path}",
            detail=exc.strerror or str(exc),
            hint=f"check its permissions: ls -l {path}",
        ) from exc
    try:
        tree: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        match = re.search(r"\(at line (\d+), column (\d+)\)", str(exc))
        said = re.sub(r"\s*\(at .*\)$", "", str(exc))
        raise ConfigError(
            f"{path} is not valid TOML: {said}",
            # The line itself stays out of the message: it may hold a password.
            detail=f"line {match[1]}, column {match[2]}" if match else "at the end of the file",
            hint="texts need quotes, and a key must not appear twice; correct the file",
        ) from exc
    if path.name == "pyproject.toml":
        tree = tree.get("tool", {}).get("pgwright", {})
        return Source(path=path, text=text, prefix="tool.pgwright"), tree
    return Source(path=path, text=text), tree


def _build(tree: Mapping[str, Any], source: Source, variables: Mapping[str, str]) -> Project:
    root = source.path.parent
    section = tree.get("project", {})

    def text(key: str) -> str | None:
        return _resolve(section[key], "project", key, source, variables) if key in section else None

    databases = [_database(n, t, source, variables) for n, t in tree.get("databases", {}).items()]
    demo = tree.get("demo")
    project = Project(
        root=root,
        name=text("name") or root.name or "project",
        models=text("models"),
        migrations=text("migrations"),
        scratch=variables.get("PGWRIGHT_SCRATCH") or text("scratch") or "embedded",
        databases=tuple(databases),
        services=tuple(_service(n, t, source, variables) for n, t in tree.get("services", {}).items()),
        masks=MappingProxyType(dict(tree.get("masks", {}))),
        groups=MappingProxyType({name: tuple(tables) for name, tables in tree.get("groups", {}).items()}),
        ignore=tuple(tree.get("checks", {}).get("ignore", ())),
        demo=Demo(load=tuple(demo["load"])) if demo else None,
        backup=_backup(tree.get("backup"), source, variables),
        config=source.path,
    )
    return _override(project, variables)


def _override(project: Project, variables: Mapping[str, str]) -> Project:
    url = variables.get("PGWRIGHT_URL")
    if not url:
        return project
    first = next((d for d in project.databases if d.name == "default"), None)
    if first is None and len(project.databases) == 1:
        first = project.databases[0]
    if first is None:
        return replace(project, databases=(Database(name="default", url=url), *project.databases))
    changed = replace(first, url=url, problem=None)
    return replace(project, databases=tuple(changed if d is first else d for d in project.databases))


def _database(name: str, table: Mapping[str, Any], source: Source, variables: Mapping[str, str]) -> Database:
    section = f"databases.{name}"
    # The environment is resolved at once: were it left open, production could pass for development.
    environment = _resolve(table.get("environment", "development"), section, "environment", source, variables)
    if environment not in ENVIRONMENTS:
        raise ConfigError(
            f"environment of database {name} is {environment!r}",
            detail=source.place(section, "environment"),
            hint=f"one of: {', '.join(ENVIRONMENTS)}",
        )
    try:
        url = _resolve(table["url"], section, "url", source, variables)
    except ConfigError as problem:
        found = Database(name=name, url=_UNRESOLVED + name, environment=environment, problem=problem)
    else:
        found = Database(name=name, url=url, environment=environment)
    return replace(found, django_alias=table.get("django_alias", DEFAULT_ALIAS))


def _backup(table: Mapping[str, Any] | None, source: Source, variables: Mapping[str, str]) -> BackupConfig:
    """Return the section with its variables replaced; by default backups go beside the file."""
    root = source.path.parent
    if table is None:
        return BackupConfig(repository=str(root / "backups"))

    def resolved(key: str, value: Any) -> Any:
        if isinstance(value, list):
            return tuple(_resolve(item, "backup", key, source, variables) for item in value)
        return _resolve(value, "backup", key, source, variables) if isinstance(value, str) else value

    values = {key: resolved(key, value) for key, value in table.items()}
    repository = values.pop("repository", "backups")
    for key in ("identity", "passphrase_file"):
        if values.get(key):
            values[key] = root / Path(values[key]).expanduser()
    if "://" not in repository:
        repository = str(root / Path(repository).expanduser())
    if "format" in values:
        values["form"] = values.pop("format")
    return BackupConfig(repository=repository, configured=True, **values)


def _service(name: str, text: str, source: Source, variables: Mapping[str, str]) -> Service:
    place = f"[services] {name}: {source.place('services', name)}"
    try:
        return parse_service(name, _resolve(text, "services", name, source, variables), place=place)
    except ConfigError as problem:
        return Service(name=name, problem=problem)


def _resolve(text: str, section: str, key: str, source: Source, variables: Mapping[str, str]) -> str:
    try:
        return interpolate(text, variables)
    except MissingVariable as exc:
        place = source.place(section, key)
        if exc.malformed:
            raise ConfigError(
                f"malformed variable in [{section}] {key}",
                detail=place,
                hint="write ${NAME}, ${NAME:-default}, or $$ for a dollar sign",
            ) from None
        raise ConfigError(
            f"environment variable {exc.name} is not set",
            detail=f"[{section}] {key} needs it: {place}",
            hint=f"export {exc.name}=..., or add the line {exc.name}=... to {source.path.parent / '.env'}",
        ) from None
