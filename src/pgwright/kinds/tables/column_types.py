"""What defines a column, and which changes of its type PostgreSQL makes without a rewrite."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from psycopg import sql

from pgwright.kinds.foreign_options import changed_options
from pgwright.kinds.sequence import SequenceOptions
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.locks import LockMode
from pgwright.model.names import QualifiedName
from pgwright.model.plan import Hazard, HazardCode
from pgwright.pg.quoting import Name, deparsed, literal, qualified, render

FIRST_VIRTUAL = 18  # the version that brought columns which are computed when they are read

_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "x": "EXTENDED", "m": "MAIN"}
_COMPRESSION = {"p": "pglz", "l": "lz4"}
SIZED = re.compile(r"(?P<name>[^(]+?)(?:\((?P<size>[\d,-]+)\))?(?P<rest> with(?:out)? time zone)?\Z")


@dataclass(frozen=True, kw_only=True)
class Column(CatalogObject):
    """Define a column of a table.

    `identity` is ``a`` (always), ``d`` (by default) or empty; `generated` is ``s`` (stored), ``v``
    (virtual) or empty. `not_null_name` is the name of the NOT NULL where somebody chose one and
    `not_null_constraint` the one that it has; `not_null_valid` tells that all rows were checked,
    `not_null_inherits` that heirs get it, `not_null_local` that the table was given it by itself: only
    PostgreSQL 18 knows of these. `collation`, `storage` and `statistics` are None where they are the type's
    own. `position` is the attribute number; the order of columns does not define a table. `sequence` is the
    sequence behind an identity. `local` tells that a table that has the column from a
    parent was given it by itself, too: it stays when the parent's goes. `has_default` is true also for a
    DEFAULT NULL, which says nothing and is no object.
    """

    type: str
    not_null: bool = False
    not_null_name: str | None = None
    not_null_valid: bool = True
    not_null_inherits: bool = True
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
    not_null_constraint: str | None = fact(None)
    not_null_local: bool = fact(False)
    position: int = fact(0)
    local: bool = fact(False)
    has_default: bool = fact(False)
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

    def settings(self, base: Column | None = None) -> list[tuple[sql.Composable, LockMode]]:
        """Compose the actions for storage settings that differ from `base`, or from the type's own.

        With each comes the lock that PostgreSQL takes for it.
        """
        name = Name(self.id.name.name)
        strong, weak = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
        actions: list[tuple[sql.Composable, LockMode]] = []
        if self.storage != (base.storage if base else None):
            word = _STORAGE[self.storage] if self.storage else "DEFAULT"
            actions.append((sql.SQL("ALTER COLUMN {} SET STORAGE {}").format(name, deparsed(word)), strong))
        if self.compression != (base.compression if base else None):
            word = _COMPRESSION[self.compression] if self.compression else "DEFAULT"
            text = sql.SQL("ALTER COLUMN {} SET COMPRESSION {}").format(name, deparsed(word))
            actions.append((text, strong))
        if self.statistics != (base.statistics if base else None):
            target = -1 if self.statistics is None else self.statistics
            text = sql.SQL("ALTER COLUMN {} SET STATISTICS {}").format(name, deparsed(str(target)))
            actions.append((text, weak))
        old = dict(o.partition("=")[::2] for o in base.options) if base else {}
        new = dict(o.partition("=")[::2] for o in self.options)
        changed = [
            sql.SQL("{} = {}").format(deparsed(k), literal(v)) for k, v in new.items() if old.get(k) != v
        ]
        if changed:
            text = sql.SQL("ALTER COLUMN {} SET ({})").format(name, sql.SQL(", ").join(changed))
            actions.append((text, weak))
        gone = [deparsed(k) for k in old if k not in new]
        if gone:
            text = sql.SQL("ALTER COLUMN {} RESET ({})").format(name, sql.SQL(", ").join(gone))
            actions.append((text, weak))
        if options := render(changed_options(base.foreign_options if base else (), self.foreign_options)):
            text = sql.SQL("ALTER COLUMN {} OPTIONS ({})").format(name, deparsed(options))
            actions.append((text, strong))
        return actions


def as_retyped(before: Column, after: Column) -> Column:
    """Return the column as a change of its type leaves it: PostgreSQL stores values as the new type does."""
    return before if before.type == after.type else replace(before, storage=None)


def left_empty(column: object) -> tuple[Hazard, ...]:
    """Return the hazard of a column that nothing fills any more, where it takes no nulls."""
    if not isinstance(column, Column) or not column.not_null or column.id.parent is None:
        return ()
    if column.has_default or column.identity or column.generated:
        return ()
    rows = f"rows of {column.id.parent.path} without {column.id.name}"
    return (Hazard(code=HazardCode.BREAKS_CODE, message=f"code that writes {rows} fails from here on"),)


# The extension's type is text that compares otherwise: PostgreSQL takes the one for the other as it is.
_CITEXT = re.compile(r'(?:.+\.)?"?citext"?\Z')
_TIMES = frozenset({"timestamp", "time", "interval"})
_LIMITED = frozenset({"character varying", "bit varying", "numeric"})
_FINEST = 6  # digits that a time without a size has after the point

# Each holds every value of those before it.
_WIDENING = (
    ("smallint", "integer", "bigint", "numeric"),
    ("smallint", "real", "double precision"),
    ("integer", "double precision"),
)
_TEXTS = frozenset({"text", "character varying"})
_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_NUMBERS = frozenset({"integer", "bigint", "numeric"})
_FLOATS = frozenset({"real", "double precision"})


def has_size(type: str) -> bool:
    """Tell whether values of the type are of a limited length or precision."""
    match = SIZED.match(type)
    return bool(match and match["size"])


def holds_all(before: str, after: str) -> bool:
    """Tell whether the type after holds every value of the one before.

    A text holds every value in the form in which it is written, and bytes hold every text. An array holds
    what its elements do.
    """
    if before.endswith("[]") and after.endswith("[]"):
        before, after = before.removesuffix("[]"), after.removesuffix("[]")
    if after in _TEXTS:
        return before != "bytea"
    if after == "bytea":
        return not before.endswith("[]")
    if keeps_storage(before, after):
        return True
    return any(before in types and after in types[types.index(before) :] for types in _WIDENING)


def comes_back(before: str, after: str) -> bool:
    """Tell whether the values are what they were when a column has had another type for a while.

    Of what the type after does not hold, the conversion stops at the first value.
    """
    sized = SIZED.match(before)
    # A number without a scale forgets zeros at its end.
    scaled = sized is not None and sized["name"] in _NUMBERS and before != "numeric"
    whole = {before, after} <= _INTEGERS
    same = holds_all(before, after) or (before, after) == ("bytea", "text")
    return same or whole or (scaled and after in _FLOATS)


def keeps_storage(before: str, after: str) -> bool:
    """Tell whether PostgreSQL changes the type without writing the table anew.

    These are the cases of `ATColumnChangeRequiresRewrite` for built-in types and citext: a longer or no
    limit on varchar and varbit, more digits before the point of numeric, more precision of times,
    varchar, text and citext to each other, cidr to inet. Both arguments are as `format_type` prints them.
    """
    before, after = _CITEXT.sub("text", before), _CITEXT.sub("text", after)
    old, new = SIZED.match(before), SIZED.match(after)
    if old is None or new is None:
        return False
    if old["name"] == new["name"] and old["rest"] == new["rest"]:
        return _widens(old["name"], old["size"], new["size"])
    texts = {"text", "character varying"}
    if {old["name"], new["name"]} <= texts:
        return new["size"] is None
    return (before, after) == ("cidr", "inet")


# Zones in which a time was never anything but universal time.
_UNIVERSAL = frozenset({"UTC", "Etc/UTC", "UCT", "Etc/UCT", "GMT", "Etc/GMT", "Universal", "Zulu"})


def gets_zone(before: str, after: str) -> bool:
    """Tell whether a point in time gets a time zone or loses it: values are then taken by the session's."""
    old, new = SIZED.match(before), SIZED.match(after)
    names = {match["name"] for match in (old, new) if match}
    return names == {"timestamp"} and bool(old and new and old["rest"] != new["rest"])


def keeps_storage_in(zone: str, before: str, after: str) -> bool:
    """Tell whether PostgreSQL changes the type without a rewrite in a session with this time zone.

    Beside what it does in any, a time of universal time is the same with its zone and without
    (`TimestampTimestampTzRequiresRewrite`).
    """
    if gets_zone(before, after):
        size = SIZED.match(after)
        return zone in _UNIVERSAL and size is not None and int(size["size"] or _FINEST) == _FINEST
    return keeps_storage(before, after)


def keeps_comparison(before: str, after: str) -> bool:
    """Tell whether, besides, values compare as before, so that a foreign key holds with either type."""
    folded = [_CITEXT.match(type) is not None for type in (before, after)]
    return keeps_storage(before, after) and folded[0] == folded[1]


def _widens(name: str, old: str | None, new: str | None) -> bool:
    if name in _TIMES:
        return int(new or _FINEST) >= int(old or _FINEST)
    if old == new or (new is None and name in _LIMITED):
        return True
    if old is None or new is None or name not in _LIMITED:
        return False
    if name == "numeric":
        (old_precision, old_scale), (new_precision, new_scale) = digits(old), digits(new)
        return old_scale == new_scale and new_precision >= old_precision
    return int(new) >= int(old)


def digits(size: str) -> tuple[int, int]:
    """Return the precision and the scale in the size of a numeric."""
    precision, _, scale = size.partition(",")
    return int(precision), int(scale or 0)
