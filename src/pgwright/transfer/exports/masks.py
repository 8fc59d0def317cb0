"""Masks for personal data: what is written in place of a value.

They are declared beside the model, as ``pgwright:mask=NAME`` in the column's comment (SQLAlchemy's
``comment=``, Django's ``db_comment=``), or in ``[masks]`` of pgwright.toml, which wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from pgwright.errors import ConfigError, UnknownTableError
from pgwright.model.wording import did_you_mean
from pgwright.pg.quoting import Name, deparsed
from pgwright.transfer.tables import Column, Table

MASKS = ("hash", "fake", "null", "keep")
_DECLARED = re.compile(r"pgwright:mask=(\w+)")
_TEXT = {"text", "varchar", "bpchar", "citext", "name"}
_FIRST = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ida", "Jon", "Kim", "Leo", "Mia", "Noa"]
_LAST = [
    "Abbot",
    "Berg",
    "Costa",
    "Dunn",
    "Ek",
    "Frost",
    "Gray",
    "Holt",
    "Ito",
    "Jung",
    "Kerr",
    "Lund",
    "Moss",
]


@dataclass(frozen=True, kw_only=True)
class Masks:
    """Hold the rules; `key` makes hashes of one project differ from those of everyone else.

    Those in `asked` win, and among the others the most exact.
    """

    rules: Mapping[str, str]
    asked: Mapping[str, str] = field(default_factory=dict)
    key: str = field(repr=False)
    off: bool = False

    def of(self, table: Table, column: Column) -> str:
        """Return the mask of a column. Raises `ConfigError` for one that does not exist or does not fit."""
        mask = "keep" if self.off else self.told([(table, column)]) or "keep"
        _require_fit(mask, column, _names(table, column)[0])
        if mask == "null" and column.not_null:
            name = _names(table, column)[0]
            raise ConfigError(f"{name} must not be null, so it cannot be masked by null", hint="use hash")
        return mask

    def of_shown(self, column: Column, origin: Sequence[tuple[Table, Column]]) -> str | None:
        """Return the mask of a query's column, None where no rule says anything; see `of` and `told`."""
        mask = "keep" if self.off else self.told(origin, shown=column.name)
        _require_fit(mask or "keep", column, column.name)
        return mask

    def told(self, origin: Sequence[tuple[Table, Column]], *, shown: str | None = None) -> str | None:
        """Return what the rules say of a column: where it is shown, there, and of each that it comes from."""
        own, any_own = ([], []) if shown is None else ([shown], [f"*.{shown}"])
        every = [name for place in origin for name in _names(*place)]
        found = [self.asked[name] for name in (*own, *every, *any_own) if name in self.asked]
        for table, column in origin:
            found += [self.rules[name] for name in _names(table, column) if name in self.rules]
            if declared := _DECLARED.search(column.comment or ""):
                found.append(declared[1])
        found += [self.rules[name] for name in any_own if name in self.rules]
        return found[0] if found else None


def _require_fit(mask: str, column: Column, name: str) -> None:
    if mask not in MASKS:
        raise ConfigError(
            f"unknown mask {mask} for {name}" + did_you_mean(mask, MASKS),
            hint=f"one of: {', '.join(MASKS)}",
        )
    if mask in ("hash", "fake") and column.base not in _TEXT | {"uuid"} | _NUMBERS | _DATES:
        raise ConfigError(
            f"the mask {mask} does not fit {name}, which is {column.type}", hint="use null or keep"
        )


def _names(table: Table, column: Column) -> tuple[str, ...]:
    """Return what a rule for a column may be called, the most exact first; a partition is its table, too."""
    tables = [name for relation in (table.name, *table.ancestors) for name in (str(relation), relation.name)]
    return *(f"{name}.{column.name}" for name in tables), f"*.{column.name}"


def _all_names(table: Table) -> set[str]:
    return {name for column in table.columns for name in _names(table, column)}


def require_columns(rules: Iterable[str], tables: Iterable[Table], *, shown: Iterable[str] = ()) -> None:
    """Raise `UnknownTableError` for a rule that is for no column: what it was meant for would go unmasked.

    `shown` are the columns of a query, which rules may name as they are.
    """
    known = {name for column in shown for name in (column, f"*.{column}")}
    known.update(name for table in tables for name in _all_names(table))
    for rule in rules:
        if rule not in known:
            raise UnknownTableError(
                f"no column is called {rule}" + did_you_mean(rule, known),
                detail="what it was meant for would be written as it is; no file was written",
                hint=f"correct --mask {rule}",
            )


def require_columns_of(rules: Iterable[str], tables: Iterable[Table]) -> None:
    """Raise `ConfigError` for a rule of the project that names one of `tables`, and no column of it.

    Rules for other tables may be meant for another database of the project.
    """
    for table in tables:
        known = _all_names(table)
        for rule in rules:
            if rule.rpartition(".")[0] in (str(table.name), table.name.name) and rule not in known:
                raise ConfigError(
                    f"[masks] has a rule for {rule}, and there is no such column" + did_you_mean(rule, known),
                    detail="what it was meant for would be written as it is; no file was written",
                    hint="correct it in pgwright.toml; what a table has: pgwright inspect tables",
                )


_NUMBERS = {"int2", "int4", "int8", "numeric", "float4", "float8"}
_DATES = {"date", "timestamp", "timestamptz"}


def masked(column: Column, mask: str, key: str, *, called: str | None = None) -> sql.Composable:
    """Compose what stands for a column in a SELECT: itself, or its mask; a fake is by what it is `called`.

    Equal values become equal masks, so that joins and unique keys survive; a null stays null. A hash is
    the first bits of a SHA-256 over the key and the value: without the key nobody can try values out.
    """
    name = Name(column.name)
    if mask == "keep":
        return name
    type_ = deparsed(column.type)
    if mask == "null":
        return sql.SQL("NULL::{}").format(type_)
    digest = sql.SQL("encode(sha256(convert_to({} || {}::text, 'UTF8')), 'hex')").format(
        sql.Literal(key + "\x1f"), name
    )
    number = sql.SQL("(('x' || left({}, 15))::bit(60)::bigint)").format(digest)
    if column.base == "uuid":
        value = sql.SQL("left({}, 32)::uuid").format(digest)
    elif column.base in _NUMBERS:
        value = sql.SQL("({} % 30000)").format(number)
    elif column.base in _DATES:
        # Within a year of the true one, so that ages and seasons stay plausible.
        value = sql.SQL("({} + ({} % 365 - 182) * interval '1 day')").format(name, number)
    elif mask == "fake":
        value = _fake(called or column.name, digest, number)
    else:
        value = digest
    # A cast to varchar(n) cuts what is longer.
    return sql.SQL("CASE WHEN {} IS NOT NULL THEN {}::{} END").format(name, value, type_)


def _fake(name: str, digest: sql.Composed, number: sql.Composed) -> sql.Composed:
    """Compose a text that looks like what the column's name says."""
    word = name.lower()
    if "mail" in word:
        return sql.SQL("('user' || left({}, 12) || '@example.com')").format(digest)
    if "phone" in word or "mobile" in word:
        return sql.SQL("('+1555' || lpad(({} % 10000000)::text, 7, '0'))").format(number)
    if "ip" in word.split("_"):
        return sql.SQL("('192.0.2.' || {} % 254 + 1)").format(number)
    if "name" in word:
        return sql.SQL("(({}::text[])[{} % {} + 1] || ' ' || ({}::text[])[{} / 97 % {} + 1])").format(
            sql.Literal(_FIRST), number, len(_FIRST), sql.Literal(_LAST), number, len(_LAST)
        )
    return sql.SQL("({} || '-' || left({}, 12))").format(sql.Literal(word), digest)
