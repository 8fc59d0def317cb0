"""What a project is: its databases, where its models and migrations are, what its checks ignore."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from pgwright.config.backup import BackupConfig
from pgwright.config.django import DEFAULT_ALIAS, django_models
from pgwright.config.service import Service
from pgwright.errors import ConfigError

ENVIRONMENTS = ("development", "test", "staging", "production")


@dataclass(frozen=True, kw_only=True)
class Database:
    """Name a database of the project.

    `url` is connection text of any form that `pgwright.pg.connect` takes and may contain the password,
    so it stays out of `repr()`. Where its variables are missing from the environment, `problem` says so
    and `url` cannot be connected to; `Project.database` raises it, so that a production password that
    is absent here does not stand in the way of other databases. `django_alias` is what Django's settings
    call it.
    """

    name: str
    url: str = field(repr=False)
    environment: str = "development"
    problem: ConfigError | None = field(default=None, repr=False, compare=False)
    django_alias: str = DEFAULT_ALIAS

    @property
    def is_production(self) -> bool:
        """Tell whether destructive verbs must refuse until told by name."""
        return self.environment == "production"


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Say how `pgwright demo` loads data into this project; `load` is a command and its arguments."""

    load: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Project:
    """Hold a project's configuration; `root` is the folder of its pgwright.toml.

    `models` is ``sqlalchemy:module:Base``, ``django:settings.module`` or ``file:schema.sql``; `migrations`
    is ``alembic:path/to/alembic.ini`` or ``django``; `scratch` is "embedded" or connection text. `config`
    is the file that all this came from, None where there is none.
    """

    root: Path
    name: str
    models: str | None = None
    migrations: str | None = None
    scratch: str = field(default="embedded", repr=False)
    databases: tuple[Database, ...] = ()
    services: tuple[Service, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    masks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ignore: tuple[str, ...] = ()
    demo: Demo | None = None
    backup: BackupConfig = field(default_factory=lambda: BackupConfig(repository="backups"))
    config: Path | None = None

    def database(self, name: str | None = None) -> Database:
        """Return the database called `name`; by default "default", else the only one.

        Raises `ConfigError` for an unknown name, an ambiguous default, or a URL whose variables are missing.
        """
        found = self._named(name)
        if found is None:
            raise self._unknown(name or "default", tuple(database.name for database in self.databases))
        if found.problem is not None:
            raise found.problem
        return found

    def at(self, name: str | None = None) -> Project:
        """Return the project with the models of the database called `name`, chosen as `database` does.

        Django keeps other models in each of its databases. Where there is no such database, nothing changes.
        """
        found = self._named(name)
        models = django_models(self.models)
        if found is None or models is None:
            return self
        return replace(self, models=models._replace(alias=found.django_alias).spec)

    def _named(self, name: str | None) -> Database | None:
        known = {database.name: database for database in self.databases}
        if name is None:
            name = "default" if "default" in known or len(known) != 1 else next(iter(known))
        return known.get(name)

    def _unknown(self, name: str, known: tuple[str, ...]) -> ConfigError:
        place = str(self.config) if self.config else "the environment"
        if not known:
            return ConfigError(
                "no database is configured",
                detail=f"looked in {place}",
                hint="set DATABASE_URL, or write pgwright.toml with: pgwright init",
            )
        close = difflib.get_close_matches(name, known, n=1)
        return ConfigError(
            f"no database called {name} in {place}" + (f"; did you mean {close[0]}?" if close else ""),
            detail=f"configured: {', '.join(known)}",
            hint=f"choose one with --database {close[0] if close else known[0]}",
        )
