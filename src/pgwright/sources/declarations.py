"""What stands beside the tables of models: functions, views, triggers, row policies, grants, as frozen nouns.

SQLAlchemy and Django have no words for these. Each noun composes the statements that make it, in a form that
may run again; names and expressions are written as in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from psycopg import sql

from pgwright.errors import ServerError
from pgwright.pg.quoting import Name, deparsed, names, render

__all__ = [
    "Declaration",
    "DefaultGrant",
    "Extension",
    "Function",
    "Grant",
    "MaterializedView",
    "RowPolicy",
    "Statement",
    "Trigger",
    "View",
]

# Called with Django's connection once the models are built; `pgwright.contrib.django` adds the policies.
AFTER_MODELS: list[Callable[[Any], None]] = []


class Declaration(Protocol):
    """Be something that can be made in a database; with `first`, before the tables."""

    @property
    def first(self) -> bool:
        """Tell whether columns may be of its type, so that it comes before them."""

    def statements(self) -> Iterator[str]:
        """Yield the statements that make it, whether it is there already or not."""

    def removal(self) -> str | None:
        """Return the statement that removes it, None for what goes with its table."""


class _AfterTables:
    first: ClassVar[bool] = False


@dataclass(frozen=True)
class Extension:
    """Declare an extension; it comes before the tables, whose columns may be of its types."""

    name: str
    schema: str | None = None
    first: ClassVar[bool] = True

    def statements(self) -> Iterator[str]:
        """Yield CREATE SCHEMA where one is named, and CREATE EXTENSION."""
        schema = render(Name(self.schema)) if self.schema else ""
        if schema:
            yield _text("CREATE SCHEMA IF NOT EXISTS", schema)
        within = f"WITH SCHEMA {schema}" if schema else ""
        yield _text("CREATE EXTENSION IF NOT EXISTS", render(Name(self.name)), within)

    def removal(self) -> str:
        """Return DROP EXTENSION."""
        return _text("DROP EXTENSION IF EXISTS", render(Name(self.name)))


@dataclass(frozen=True)
class Function(_AfterTables):
    """Declare a function: its name with arguments, ``touch()``, what it returns, and its body.

    `attributes` are further words of CREATE FUNCTION: ``STABLE``, ``SECURITY DEFINER SET search_path = ''``.
    """

    signature: str
    returns: str
    body: str
    language: str = "plpgsql"
    attributes: str = ""

    def statements(self) -> Iterator[str]:
        """Yield CREATE OR REPLACE FUNCTION."""
        parts = (
            "CREATE OR REPLACE FUNCTION",
            self.signature,
            "RETURNS",
            self.returns,
            "LANGUAGE",
            self.language,
        )
        tag = _tag(self.body)
        yield _text(*parts, self.attributes, f"AS {tag}{self.body}{tag}")

    def removal(self) -> str:
        """Return DROP FUNCTION."""
        return _text("DROP FUNCTION IF EXISTS", self.signature, "CASCADE")


@dataclass(frozen=True)
class View(_AfterTables):
    """Declare a view by its query."""

    name: str
    query: str

    def statements(self) -> Iterator[str]:
        """Yield CREATE OR REPLACE VIEW."""
        yield _text("CREATE OR REPLACE VIEW", self.name, "AS", self.query)

    def removal(self) -> str:
        """Return DROP VIEW."""
        return _text("DROP VIEW IF EXISTS", self.name, "CASCADE")


@dataclass(frozen=True)
class MaterializedView(_AfterTables):
    """Declare a materialized view by its query; `unique` are columns of a unique index.

    PostgreSQL refreshes one concurrently only with such an index.
    """

    name: str
    query: str
    unique: tuple[str, ...] = ()

    def statements(self) -> Iterator[str]:
        """Yield CREATE MATERIALIZED VIEW and CREATE UNIQUE INDEX."""
        yield _text("CREATE MATERIALIZED VIEW IF NOT EXISTS", self.name, "AS", self.query)
        if self.unique:
            index = "_".join(("uq", self.name.rpartition(".")[2], *self.unique))[:63]
            yield render(
                sql.SQL("CREATE UNIQUE INDEX IF NOT EXISTS {} ON {} ({})").format(
                    Name(index), deparsed(self.name), names(self.unique)
                )
            )

    def removal(self) -> str:
        """Return DROP MATERIALIZED VIEW."""
        return _text("DROP MATERIALIZED VIEW IF EXISTS", self.name, "CASCADE")


@dataclass(frozen=True)
class Trigger(_AfterTables):
    """Declare a trigger: ``Trigger("touch", on="users", when="BEFORE UPDATE", execute="touch()")``.

    `each` is ROW or STATEMENT; `condition` is that of WHEN.
    """

    name: str
    on: str
    when: str
    execute: str
    each: str = "ROW"
    condition: str | None = None

    def statements(self) -> Iterator[str]:
        """Yield DROP TRIGGER and CREATE TRIGGER: OR REPLACE came with PostgreSQL 14."""
        name = render(Name(self.name))
        yield _text("DROP TRIGGER IF EXISTS", name, "ON", self.on)
        condition = f"WHEN ({self.condition})" if self.condition else ""
        head = ("CREATE TRIGGER", name, self.when, "ON", self.on, "FOR EACH", self.each)
        yield _text(*head, condition, "EXECUTE FUNCTION", self.execute)

    def removal(self) -> None:
        """Return nothing: it goes with its table."""


@dataclass(frozen=True)
class RowPolicy(_AfterTables):
    """Declare a row policy and, with it, row security on its table.

    `using` says which rows are seen, `check` which may be written (default: the same). `force` binds the
    owner of the table as well.
    """

    name: str
    on: str
    using: str | None = None
    check: str | None = None
    command: str = "ALL"
    to: tuple[str, ...] = ("PUBLIC",)
    force: bool = False

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles that must exist."""
        return _real(self.to)

    def statements(self) -> Iterator[str]:
        """Yield the statements that enable row security and make the policy."""
        name = render(Name(self.name))
        yield _text("ALTER TABLE", self.on, "ENABLE ROW LEVEL SECURITY")
        if self.force:
            yield _text("ALTER TABLE", self.on, "FORCE ROW LEVEL SECURITY")
        yield _text("DROP POLICY IF EXISTS", name, "ON", self.on)
        using = f"USING ({self.using})" if self.using else ""
        check = f"WITH CHECK ({self.check})" if self.check else ""
        roles = _grantees(self.to)
        yield _text("CREATE POLICY", name, "ON", self.on, "FOR", self.command, "TO", roles, using, check)

    def removal(self) -> None:
        """Return nothing: it goes with its table."""


@dataclass(frozen=True)
class Grant(_AfterTables):
    """Declare privileges: ``Grant("SELECT, INSERT", on="TABLE users", to=("app",))``."""

    privileges: str
    on: str
    to: tuple[str, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles that must exist."""
        return _real(self.to)

    def statements(self) -> Iterator[str]:
        """Yield GRANT."""
        yield _text("GRANT", self.privileges, "ON", self.on, "TO", _grantees(self.to))

    def removal(self) -> None:
        """Return nothing: it goes with what it is on."""


@dataclass(frozen=True)
class DefaultGrant(_AfterTables):
    """Declare what roles get on objects that the role `by` will make.

    ``DefaultGrant("SELECT", on="TABLES", to=("reporting",), by="app")``; in one `schema`, or everywhere.
    """

    privileges: str
    on: str
    to: tuple[str, ...]
    by: str
    schema: str | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the roles that must exist."""
        return (self.by, *_real(self.to))

    def statements(self) -> Iterator[str]:
        """Yield ALTER DEFAULT PRIVILEGES."""
        yield self._alter("GRANT", "TO")

    def removal(self) -> str:
        """Return the REVOKE."""
        return self._alter("REVOKE", "FROM")

    def _alter(self, verb: str, preposition: str) -> str:
        where = f"IN SCHEMA {render(Name(self.schema))}" if self.schema else ""
        head = ("ALTER DEFAULT PRIVILEGES FOR ROLE", render(Name(self.by)), where, verb)
        return _text(*head, self.privileges, "ON", self.on, preposition, _grantees(self.to))


@dataclass(frozen=True)
class Statement:
    """Declare anything else by the statement that makes it, and the one that removes it.

    It must be able to run again: ``CREATE … IF NOT EXISTS``, ``CREATE OR REPLACE``. With `first` it comes
    before the tables: a domain or another type of their columns.
    """

    create: str
    drop: str | None = None
    first: bool = False

    def statements(self) -> Iterator[str]:
        """Yield the statement."""
        yield self.create

    def removal(self) -> str | None:
        """Return the statement that removes it."""
        return self.drop


def ensure_declared_roles(url: str, declarations: Iterable[Declaration]) -> None:
    """Make the roles that declarations name, where `url` leads to pgwright's own scratch server.

    On any other server they must be there; its own words say which one is not.
    """
    named = {role for declaration in declarations for role in getattr(declaration, "roles", ())}
    if named:
        from pgwright.server.scratch import ensure_roles

        with suppress(ServerError):
            ensure_roles(url, sorted(named))


def _text(*parts: str) -> str:
    return render(sql.SQL(" ").join(deparsed(part.strip()) for part in parts if part.strip()))


def _grantees(roles: tuple[str, ...]) -> str:
    return ", ".join(role if role.upper() == "PUBLIC" else render(Name(role)) for role in roles)


def _real(roles: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(role for role in roles if role.upper() != "PUBLIC")


def _tag(body: str) -> str:
    """Return a dollar quote that the body does not hold."""
    tag, number = "$$", 0
    while tag in body:
        number += 1
        tag = f"$body{number}$"
    return tag
