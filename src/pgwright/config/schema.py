"""What may stand in pgwright.toml, as data; and the checking of a file against it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pgwright.config.project import ENVIRONMENTS
from pgwright.errors import ConfigError
from pgwright.model.wording import did_you_mean

TEXT = "a text in quotes"
TEXTS = 'a list of texts, ["...", "..."]'
NUMBER = "a whole number, 0 or more"


@dataclass(frozen=True, kw_only=True)
class Section:
    """Describe a section: its keys and their forms.

    `named` sections have a name of the user's own below them (``[databases.NAME]``); `free` sections
    take any key, each of form `free`.
    """

    keys: Mapping[str, str]
    required: tuple[str, ...] = ()
    named: bool = False
    free: str | None = None


SECTIONS: Mapping[str, Section] = MappingProxyType(
    {
        "project": Section(keys={"name": TEXT, "models": TEXT, "migrations": TEXT, "scratch": TEXT}),
        "databases": Section(
            keys={"url": TEXT, "environment": TEXT, "django_alias": TEXT}, required=("url",), named=True
        ),
        "services": Section(keys={}, free=TEXT),
        "groups": Section(keys={}, free=TEXTS),
        "backup": Section(
            keys={
                "repository": TEXT,
                "engine": TEXT,
                "recipients": TEXTS,
                "identity": TEXT,
                "passphrase_file": TEXT,
                "format": TEXT,
                "jobs": NUMBER,
                "schedule": TEXT,
                "daily": TEXTS,
                "full_days": NUMBER,
                "drill_days": NUMBER,
                "keep_days": NUMBER,
                "keep_last": NUMBER,
                "keep_daily": NUMBER,
                "keep_weekly": NUMBER,
                "keep_monthly": NUMBER,
                "queries": TEXTS,
                "stop": TEXTS,
                "start": TEXTS,
            }
        ),
        "masks": Section(keys={}, free=TEXT),
        "checks": Section(keys={"ignore": TEXTS}),
        "demo": Section(keys={"load": TEXTS}, required=("load",)),
    }
)

_BASE = r"[\w.]+:[\w.]+"
_MODELS = re.compile(rf"sqlalchemy:{_BASE}(?:,\s*{_BASE})*|django:[\w.]+|file:.+")
_MIGRATIONS = re.compile(r"alembic:.+|django")
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAILY = re.compile(r"logical|physical")
_ENGINES = re.compile("pgwright|pgbackrest")
_DUMP_FORMS = re.compile(r"plain|custom|parallel")


@dataclass(frozen=True, kw_only=True)
class Source:
    """Hold the text of a configuration file, to name lines in messages.

    `prefix` is ``tool.pgwright`` in pyproject.toml and empty in pgwright.toml.
    """

    path: Path
    text: str
    prefix: str = ""

    def place(self, section: str, key: str | None = None) -> str:
        """Return ``file, line n`` of a key or section, or the file alone where the line is not found."""
        line = self._line(section, key)
        return f"{self.path}, line {line}" if line else str(self.path)

    def _line(self, section: str, key: str | None) -> int | None:
        wanted = ".".join(part for part in (self.prefix, section) if part)
        header = re.compile(r"\s*\[\s*(?P<name>[^\[\]]+?)\s*\]\s*(?:#.*)?$")
        entry = re.compile(rf"""\s*["']?{re.escape(key or "")}["']?\s*[=.]""")
        current = ""
        for number, line in enumerate(self.text.splitlines(), start=1):
            if match := header.match(line):
                current = re.sub(r"""\s*\.\s*|["']""", lambda m: "." if "." in m[0] else "", match["name"])
                if key is None and (current == wanted or current.startswith(wanted + ".")):
                    return number
            elif key and current == wanted and entry.match(line):
                return number
        return None


def check(tree: Mapping[str, Any], source: Source) -> None:
    """Raise `ConfigError` for the first thing in `tree` that the schema does not know."""
    for name, value in tree.items():
        if name not in SECTIONS:
            raise _unknown("section" if isinstance(value, Mapping) else "key", name, SECTIONS, source, "")
        if not isinstance(value, Mapping):
            raise _form(source, "", name, "a section")
        for path, section, table in _tables(name, value, source):
            _check_table(path, section, table, source)
    _check_values(tree, source)


def _tables(
    name: str, value: Mapping[str, Any], source: Source
) -> Iterator[tuple[str, Section, Mapping[str, Any]]]:
    section = SECTIONS[name]
    if not section.named:
        yield name, section, value
        return
    for own, table in value.items():
        if not isinstance(table, Mapping):
            raise ConfigError(
                f"[{name}] holds {own} directly",
                detail=source.place(name, own),
                hint=f"give it a name of its own: [{name}.default], and {own} below it",
            )
        yield f"{name}.{own}", section, table


def _check_table(path: str, section: Section, table: Mapping[str, Any], source: Source) -> None:
    for key, value in table.items():
        form = section.free or section.keys.get(key)
        if form is None:
            raise _unknown("key", key, section.keys, source, path)
        if not _FORMS[form](value):
            raise _form(source, path, key, form)
    for key in section.required:
        if not table.get(key):
            raise ConfigError(
                f"[{path}] lacks {key}", detail=source.place(path), hint=f"add {key} = ... below [{path}]"
            )


def _check_values(tree: Mapping[str, Any], source: Source) -> None:
    for name, database in tree.get("databases", {}).items():
        environment = database.get("environment", "development")
        if environment not in ENVIRONMENTS and "$" not in environment:
            raise ConfigError(
                f"environment of database {name} is {environment!r}"
                + did_you_mean(environment, ENVIRONMENTS),
                detail=source.place(f"databases.{name}", "environment"),
                hint=f"one of: {', '.join(ENVIRONMENTS)}",
            )
        models = tree.get("project", {}).get("models", "")
        if "django_alias" in database and not re.match(r"django:|.*\$", models):
            raise ConfigError(
                f"database {name} has a django_alias, and the models are not Django's",
                detail=source.place(f"databases.{name}", "django_alias"),
                hint='remove it, or set models = "django:app.settings" under [project]',
            )
    for section, key, pattern, forms in (
        (
            "project",
            "models",
            _MODELS,
            '"sqlalchemy:app.models:Base", "django:app.settings" or "file:schema.sql"',
        ),
        ("project", "migrations", _MIGRATIONS, '"alembic:alembic.ini" or "django"'),
        ("backup", "engine", _ENGINES, '"pgwright" or "pgbackrest"'),
        ("backup", "format", _DUMP_FORMS, '"custom", "parallel" or "plain"'),
        ("backup", "schedule", _TIME_OF_DAY, 'a time of day, "02:00"'),
        ("backup", "daily", _DAILY, '["logical"], ["physical"] or ["logical", "physical"]'),
    ):
        value = tree.get(section, {}).get(key)
        texts = value if isinstance(value, list) else [value]
        if value is not None and not all("$" in text or pattern.fullmatch(text) for text in texts):
            raise ConfigError(
                f"{key} = {value!r} is of no known form",
                detail=source.place(section, key),
                hint=f"write {forms}",
            )


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_FORMS: Mapping[str, Callable[[object], bool]] = MappingProxyType(
    {TEXT: lambda value: isinstance(value, str), TEXTS: _texts, NUMBER: _number}
)


def _form(source: Source, section: str, key: str, form: str) -> ConfigError:
    where = f"[{section}] {key}" if section else key
    return ConfigError(f"{where} must be {form}", detail=source.place(section, key), hint="correct the file")


def _unknown(kind: str, name: str, known: Mapping[str, Any], source: Source, section: str) -> ConfigError:
    where = f" in [{section}]" if section else ""
    place = source.place(section, name) if kind == "key" else source.place(name)
    return ConfigError(
        f"unknown {kind} {name}{where}" + did_you_mean(name, known),
        detail=place,
        hint=f"known here: {', '.join(known)}",
    )
