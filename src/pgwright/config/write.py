"""Write a first pgwright.toml."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from pgwright.config.discover import Discovery, discover
from pgwright.config.load import FILE
from pgwright.errors import ConfigError

_TEMPLATE = """\
# pgwright's configuration. Keys are explained in docs/configuration.md of pgwright.
# ${{NAME}} is taken from the environment, or from `.env` beside this file. Keep passwords there.

[project]
name = {name}
# The source of the expected schema: "sqlalchemy:app.models:Base", "django:app.settings", "file:schema.sql".
{models}
# Where migrations are: "alembic:alembic.ini" or "django".
{migrations}
# The server for scratch databases: "embedded", or the URL of one that has the extensions you need.
scratch = "embedded"

[databases.default]
url = {url}
# development, test, staging or production; destructive commands refuse on production unless told by name.
environment = "development"

# [databases.production]
# url = "${{PRODUCTION_DATABASE_URL}}"
# environment = "production"

# Other servers that the application needs; pgwright doctor reaches them: redis://, rediss://, unix://, tcp://.
# [services]
# redis = "${{REDIS_URL}}"

# Names for groups of tables.
# [groups]
# configuration = ["pricing_config", "currency_config"]

# Findings to leave out of reports, by their key.
# [checks]
# ignore = ["no_primary_key:public.import_log"]
"""


def write_default(
    root: Path, *, name: str | None = None, found: Discovery | None = None, overwrite: bool = False
) -> Path:
    """Write pgwright.toml into `root` from what `discover` finds there, and return its path.

    The file appears whole or not at all. Raises `ConfigError` where one exists (unless `overwrite`), or
    where the folder cannot be written.
    """
    path = root / FILE
    text = default_text(root, name=name, found=found)
    part = root / f".{FILE}.{os.getpid()}.part"
    try:
        part.write_text(text, encoding="utf-8")
        if overwrite:
            part.replace(path)
        else:
            _link(part, path, text)
    except FileExistsError as exc:
        raise ConfigError(
            f"{path} exists already",
            detail="it was not changed",
            hint="edit it, or write it anew with: pgwright init --force",
        ) from exc
    except OSError as exc:
        raise ConfigError(
            f"cannot write {path}",
            detail=f"{exc.strerror or exc}; nothing was written",
            hint=f"check the folder: ls -ld {root}",
        ) from exc
    finally:
        # In a folder that cannot be written (or is missing) even looking for the part may fail.
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return path


def _link(part: Path, path: Path, text: str) -> None:
    """Give `part` its name; unlike a rename this fails where the name is taken, even if just now."""
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:
        # Some shared folders of containers have no hard links.
        with path.open("x", encoding="utf-8") as file:
            file.write(text)


def default_text(root: Path, *, name: str | None = None, found: Discovery | None = None) -> str:
    """Return the text that `write_default` writes."""
    found = found or discover(root)
    variable = found.variables[0] if found.variables else "DATABASE_URL"
    return _TEMPLATE.format(
        name=json.dumps(name or root.absolute().name or "project"),
        url=json.dumps("${" + variable + "}"),
        models=_choice("models", found.models, "sqlalchemy:app.models:Base"),
        migrations=_choice("migrations", found.migrations, "alembic:alembic.ini"),
    )


def _choice(key: str, found: tuple[str, ...], example: str) -> str:
    if not found:
        return f"# {key} = {json.dumps(example)}"
    lines = [f"{key} = {json.dumps(found[0])}"]
    lines += [f"# also found: {json.dumps(other)}" for other in found[1:]]
    return "\n".join(lines)
