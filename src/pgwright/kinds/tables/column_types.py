"""What defines a column, and which changes of its type PostgreSQL makes without a rewrite."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from psycopg import sql

from pgwright.kinds.foreign_options import changed_options
from pgwright.kinds.sequence import SequenceOptions
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.names import QualifiedName
from pgwright.pg.quoting import Name, deparsed, literal, qualified, render

_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "x": "EXTENDED", "m": "MAIN"}
_COMPRESSION = {"p": "pglz", "l": "lz4"}
_SIZED = re.compile(r"(?P<name>[^(]+?)(?:\((?P<size>[\d,-]+)\))?(?P<rest> with(?:out)? time zone)?\Z")


@dataclass(frozen=True, kw_only=True)
class Column(CatalogObject):
    """Define a column of a table.

    `identity` is ``a`` (always), ``d`` (by default) or empty; `generated` is ``s`` (stored), ``v``
    (virtual) or empty. `collation`, `storage` and `statistics` are None where they are the type's own.
    `position` is the attribute number; the order of columns does not define a table. `sequence` is the
    sequence behind an identity.
    """

    type: str
    not_null: bool = False
    identity: str = ""
    identity_options: SequenceOptions | None = None
    generated: str = ""
    expression: str | None = None
    collation: str | None = None
    storage: str | None = None
    compression: str | None = None
    statistics: int | None = None
    options: tuple[str, ...] = ()
    foreign_options: tuple[str, ...] = ()
    position: int = fact(0)
    sequence: QualifiedName | None = fact(None)

    def identity_clause(self, *, named: bool = False) -> sql.Composable:
        """Compose ``GENERATED … AS IDENTITY (…)``.

        With `named`, the sequence gets the name that it has, where PostgreSQL would choose another: that one
        may belong to something else.
        """
        when = sql.SQL("ALWAYS" if self.identity == "a" else "BY DEFAULT")
        clause = sql.SQL("GENERATED {} AS IDENTITY").format(when)
        options = self.identity_options.clauses(self.type) if self.identity_options else []
        table = self.id.parent
        if (
            named
            and table
            and self.sequence
            and self.sequence.name != f"{table.name.name}_{self.id.name}_seq"
        ):
            options.insert(0, sql.SQL("SEQUENCE NAME {}").format(qualified(self.sequence)))
        if options:
            return sql.SQL("{} ({})").format(clause, sql.SQL(" ").join(options))
        return clause

    def settings(self, base: Column | None = None) -> list[sql.Composable]:
        """Compose the actions for storage settings that differ from `base`, or from the type's own."""
        name = Name(self.id.name.name)
        actions: list[sql.Composable] = []
        if self.storage != (base.storage if base else None):
            word = _STORAGE[self.storage] if self.storage else "DEFAULT"
            actions.append(sql.SQL("ALTER COLUMN {} SET STORAGE {}").format(name, deparsed(word)))
        if self.compression != (base.compression if base else None):
            word = _COMPRESSION[self.compression] if self.compression else "DEFAULT"
            actions.append(sql.SQL("ALTER COLUMN {} SET COMPRESSION {}").format(name, deparsed(word)))
        if self.statistics != (base.statistics if base else None):
            target = -1 if self.statistics is None else self.statistics
            actions.append(sql.SQL("ALTER COLUMN {} SET STATISTICS {}").format(name, deparsed(str(target))))
        old = dict(o.partition("=")[::2] for o in base.options) if base else {}
        new = dict(o.partition("=")[::2] for o in self.options)
        changed = [
            sql.SQL("{} = {}").format(deparsed(k), literal(v)) for k, v in new.items() if old.get(k) != v
        ]
        if changed:
            actions.append(sql.SQL("ALTER COLUMN {} SET ({})").format(name, sql.SQL(", ").join(changed)))
        gone = [deparsed(k) for k in old if k not in new]
        if gone:
            actions.append(sql.SQL("ALTER COLUMN {} RESET ({})").format(name, sql.SQL(", ").join(gone)))
        if options := render(changed_options(base.foreign_options if base else (), self.foreign_options)):
            actions.append(sql.SQL("ALTER COLUMN {} OPTIONS ({})").format(name, deparsed(options)))
        return actions


def as_retyped(before: Column, after: Column) -> Column:
    """Return the column as a change of its type leaves it: PostgreSQL stores values as the new type does."""
    return before if before.type == after.type else replace(before, storage=None)


# Each holds every value of those before it.
_WIDENING = (("smallint", "integer", "bigint", "numeric"), ("real", "double precision"))
_TEXTS = frozenset({"text", "character varying"})


def comes_back(before: str, after: str) -> bool:
    """Tell whether the values are what they were when a column has had another type for a while.

    A text holds every value in the form in which it is written.
    """
    if after in _TEXTS or keeps_storage(before, after):
        return True
    return any(before in types and after in types[types.index(before) :] for types in _WIDENING)


def keeps_storage(before: str, after: str) -> bool:
    """Tell whether PostgreSQL changes the type without writing the table anew.

    These are the cases of `ATColumnChangeRequiresRewrite` for built-in types: a longer or no limit on
    varchar and varbit, more digits before the point of numeric, more precision of times,
    varchar to text and back, cidr to inet. Both arguments are as `format_type` prints them.
    """
    old, new = _SIZED.match(before), _SIZED.match(after)
    if old is None or new is None:
        return False
    if old["name"] == new["name"] and old["rest"] == new["rest"]:
        return _widens(old["name"], old["size"], new["size"])
    texts = {"text", "character varying"}
    if {old["name"], new["name"]} <= texts:
        return new["size"] is None
    return (before, after) == ("cidr", "inet")


_TEXTS = frozenset({"text", "character varying", "character"})
_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_FLOATS = frozenset({"real", "double precision"})
_MOMENTS = frozenset({"timestamp", "time"})


def casts_by_itself(before: str, after: str) -> bool:
    """Tell whether ALTER TYPE should go without USING.

    An explicit cast cuts a text that is too long; the assignment that PostgreSQL makes by itself refuses it.
    """
    old, new = _SIZED.match(before), _SIZED.match(after)
    if old is None or new is None:
        return False
    return old["name"] == new["name"] or {old["name"], new["name"]} <= _TEXTS


def has_cast(before: str, after: str) -> bool:
    """Tell whether PostgreSQL casts between two built-in types without a detour over text.

    Texts are cast to and from everything by the input and output functions of the other type.
    """
    old, new = _SIZED.match(before), _SIZED.match(after)
    if old is None or new is None:
        return False
    both = {old["name"], new["name"]}
    families = (
        _INTEGERS | _FLOATS | {"numeric"},
        _MOMENTS | {"date", "interval"},
        {"json", "jsonb"},
        {"boolean", "integer"},
        {"inet", "cidr"},
        {"bit", "bit varying"},
    )
    return bool(both & _TEXTS) or any(both <= family for family in families)


def what_is_lost(before: str, after: str) -> str | None:
    """Name what a change of type rounds away without an error, or return None."""
    old, new = _SIZED.match(before), _SIZED.match(after)
    if old is None or new is None:
        return None
    was, is_now = old["name"], new["name"]
    loss = None
    if was == "numeric" == is_now and new["size"] and (old["size"] is None or _scale(old) > _scale(new)):
        loss = f"digits after the {_ordinal(_scale(new))} decimal place"
    elif was in {"numeric", *_FLOATS} and is_now in _INTEGERS:
        loss = "fractions"
    elif (was, is_now) == ("double precision", "real") or (was == "numeric" and is_now in _FLOATS):
        loss = "digits beyond the precision"
    elif was == "timestamp" and is_now in {"date", "time"}:
        loss = "the times" if is_now == "date" else "the dates"
    elif was in _MOMENTS and was == is_now and new["size"] and int(new["size"]) < int(old["size"] or 6):
        loss = "fractions of seconds"
    return loss


def _scale(match: re.Match[str]) -> int:
    return _digits(match["size"])[1] if match["size"] else 0


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{endings.get(number % 10, 'th') if number % 100 not in {11, 12, 13} else 'th'}"


def _widens(name: str, old: str | None, new: str | None) -> bool:
    if old == new:
        return True
    if name in {"character varying", "bit varying", "timestamp", "time", "interval"}:
        return new is None or (old is not None and int(new) >= int(old))
    if name == "numeric":
        if new is None:
            return True
        if old is None:
            return False
        (old_precision, old_scale), (new_precision, new_scale) = _digits(old), _digits(new)
        return old_scale == new_scale and new_precision >= old_precision
    return False


def _digits(size: str) -> tuple[int, int]:
    precision, _, scale = size.partition(",")
    return int(precision), int(scale or 0)
