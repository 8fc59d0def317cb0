"""Alembic's revisions, read from their files.

Neither Alembic nor the project is imported: a status screen has no time for that, and env.py may demand
a database.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import re
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as IniError
from pathlib import Path

from pgwright.errors import SourceError
from pgwright.migrate.revisions.constants import assigned, constant, parse, texts
from pgwright.migrate.revisions.graph import Revision, Revisions

_SEPARATORS = {"space": None, "newline": "\n", "os": os.pathsep}


def read_alembic(ini: Path) -> Revisions:
    """Return the revisions that an alembic.ini leads to.

    Raises `SourceError` where the file or its folder of versions is missing or cannot be read.
    """
    found: dict[str, Revision] = {}
    folders = tuple(_folders(ini))
    for folder, recursive in folders:
        for path in sorted(folder.rglob("*.py") if recursive else folder.glob("*.py")):
            revision = _revision(path)
            if revision is None:
                continue
            if other := found.get(revision.id):
                raise SourceError(
                    f"revision {revision.id} exists twice",
                    detail=f"{other.path} and {path}",
                    hint="give one of them another id, and correct down_revision of what follows it",
                )
            found[revision.id] = revision
    return Revisions(by_id={id: _resolved(revision, found) for id, revision in found.items()})


def _folders(ini: Path) -> Iterator[tuple[Path, bool]]:
    parser = ConfigParser({"here": str(ini.parent)})
    try:
        with ini.open(encoding="utf-8") as file:
            parser.read_file(file)
        options = dict(parser["alembic"])
    except OSError as exc:
        raise SourceError(
            f"cannot read {ini}",
            detail=exc.strerror,
            hint='correct migrations = "alembic:..." under [project] in pgwright.toml',
        ) from exc
    except (KeyError, UnicodeDecodeError, IniError) as exc:
        raise SourceError(
            f"{ini} is not a configuration of Alembic",
            detail=str(exc).replace("\n", " "),
            hint="it needs a section [alembic] with script_location",
        ) from exc
    location = options.get("script_location")
    if not location:
        raise SourceError(f"{ini} names no script_location", hint="add: script_location = %(here)s/alembic")
    recursive = options.get("recursive_version_locations", "").lower() in ("1", "true", "yes", "on")
    script = _place(location, ini)
    named = _split(options)
    for folder in [_place(text, ini) for text in named] or [script / "versions"]:
        if folder.is_dir():
            yield folder, recursive
        elif named or not script.is_dir():
            raise SourceError(
                f"there is no folder {folder}",
                detail=f"named by {ini}",
                hint="correct script_location or version_locations there",
            )


def _split(options: dict[str, str]) -> list[str]:
    text = options.get("version_locations", "")
    named = options.get("path_separator") or options.get("version_path_separator")
    if named in _SEPARATORS:
        parts = text.split(_SEPARATORS[named])
    else:
        parts = text.split(named) if named else re.split(r"[,\s]+", text)
    return [part.strip() for part in parts if part.strip()]


def _place(location: str, ini: Path) -> Path:
    package, colon, below = location.partition(":")
    if colon and re.fullmatch(r"[\w.]+", package):
        spec = importlib.util.find_spec(package.partition(".")[0])
        roots = spec.submodule_search_locations if spec else None
        # A package of the project is not on the path of this process.
        base = Path(next(iter(roots))).parent if roots else ini.parent
        return base.joinpath(*package.split("."), *below.split("/"))
    # Alembic resolves relative paths from the folder that it is started in: that of the file by custom.
    return ini.parent / location


def _revision(path: Path) -> Revision | None:
    if path.name.startswith((".", "_")):
        return None
    tree = parse(path)
    values = assigned(tree.body)
    id = constant(values.get("revision"))
    if not isinstance(id, str):
        return None
    if "down_revision" not in values:
        raise SourceError(
            f"{path} does not say which revision it follows",
            detail="nothing was run",
            hint='add down_revision = "ID"; None where it is the first',
        )
    parents = (*texts(values.get("down_revision")), *texts(values.get("depends_on")))
    message = (ast.get_docstring(tree) or path.stem).strip().partition("\n")[0].rstrip(".")
    return Revision(id=id, parents=parents, message=message, path=path)


def _resolved(revision: Revision, known: dict[str, Revision]) -> Revision:
    """Return the revision with abbreviated parents spelt out, as Alembic allows them."""
    parents = []
    for parent in revision.parents:
        close = [id for id in known if id.startswith(parent)]
        parents.append(close[0] if parent not in known and len(close) == 1 else parent)
    return Revision(id=revision.id, parents=tuple(parents), message=revision.message, path=revision.path)
