"""How values come to have another type, and what they lose by that without an error."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from psycopg import sql

from pgwright.kinds.tables.column_types import SIZED, digits, holds_all
from pgwright.pg.quoting import deparsed, literal

_TEXTS = frozenset({"text", "character varying", "character"})
_INTEGERS = frozenset({"smallint", "integer", "bigint"})
_FLOATS = frozenset({"real", "double precision"})
_NUMBERS = _INTEGERS | _FLOATS | {"numeric"}
_MOMENTS = frozenset({"timestamp", "time"})
_BITS = frozenset({"bit", "bit varying"})
_ARRAY = "[]"

# PostgreSQL's casts to values that the text of the old one does not give. Those that cut silently what the
# way through text refuses are left out: inet to cidr, interval to time.
_CASTS: Mapping[str, frozenset[str]] = {
    **{number: _NUMBERS | {"bit", "money"} for number in ("integer", "bigint")},
    "smallint": _NUMBERS,
    "numeric": _NUMBERS | {"money"},
    "real": _INTEGERS | _FLOATS,
    "double precision": _INTEGERS | _FLOATS,
    "money": frozenset({"numeric"}),
    "bit": frozenset({"integer", "bigint"}),
    "boolean": frozenset({"integer"}),
    "date": frozenset({"timestamp without time zone", "timestamp with time zone"}),
    "timestamp without time zone": frozenset({"date", "time without time zone"}),
    "timestamp with time zone": frozenset({"date", "time without time zone", "time with time zone"}),
    "time without time zone": frozenset({"interval"}),
    "cidr": frozenset({"inet"}),
    "json": frozenset({"jsonb"}),
    "jsonb": frozenset({"json"}),
    "point": frozenset({"box"}),
    "box": frozenset({"polygon"}),
}


# A cast back that keeps only what the cast there has made: a box round a polygon, the middle of a box.
_BACK = frozenset({("polygon", "box"), ("box", "point")})

# Of these, every value becomes one of those, if not always the same.
_TOTAL: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"integer"}),
    "timestamp": frozenset({"timestamp", "date", "time"}),
    "time": frozenset({"time", "interval"}),
    "interval": frozenset({"interval"}),
    "jsonb": frozenset({"json"}),
    "point": frozenset({"box"}),
    "box": frozenset({"polygon"}),
}


class _Type(NamedTuple):
    """Hold a built-in type: its name without size and time zone, its size, and whether it is an array."""

    name: str
    size: str | None
    zone: str
    array: bool

    @property
    def unsized(self) -> str:
        return self.name + self.zone


def _type(text: str) -> _Type | None:
    array = text.endswith(_ARRAY)
    match = SIZED.match(text.removesuffix(_ARRAY))
    return _Type(match["name"], match["size"], match["rest"] or "", array) if match else None


def converted(value: sql.Composable, before: str, after: str) -> sql.Composable | None:
    """Compose the value in a type that can be assigned to another; None where the value itself can.

    An explicit cast to a text of limited length cuts what is too long; the assignment that PostgreSQL makes
    by itself refuses it. A float that is not the number any more is refused as well: the expression fails.
    """
    if (before, after) in _BACK:
        # What is another shape is refused as a text of the other type.
        return sql.SQL(
            "CASE WHEN {value}::{after}::{before}::text = {value}::text THEN {value}::{after} "
            "ELSE {value}::text::{after} END"
        ).format(value=value, before=deparsed(before), after=deparsed(after))
    found = _converted(value, before, after)
    if found is None or not is_proven(before, after):
        return found
    back = _converted(found, after, _unsized(before))
    return sql.SQL("CASE WHEN {} = {} THEN {} ELSE ({}::text || {})::{} END").format(
        back, value, found, value, literal(f" has digits that {after} cannot hold"), deparsed(after)
    )


def _converted(value: sql.Composable, before: str, after: str) -> sql.Composable | None:
    way = _way(before, after)
    for one, other in pairwise((before, *way)):
        value = _link(value, one, other)
    return value if way else None


def _link(value: sql.Composable, before: str, after: str) -> sql.Composable:
    """Compose one step of a way: a cast, or what reads a text from its bytes.

    The cast between these would take backslashes in a text for escapes, and write bytes as digits: that is
    no way back.
    """
    encoding = sql.SQL("pg_catalog.getdatabaseencoding()")
    if after == "bytea" and _is_text(before):
        return sql.SQL("pg_catalog.convert_to({}, {})").format(value, encoding)
    if before == "bytea" and _is_text(after):
        return sql.SQL("pg_catalog.convert_from({}, {})").format(value, encoding)
    return sql.SQL("{}::{}").format(value, deparsed(after))


def _is_text(text: str) -> bool:
    type = _type(text)
    return type is not None and type.name in _TEXTS and not type.array


def _unsized(text: str) -> str:
    type = _type(text)
    return type.unsized + (_ARRAY if type.array else "") if type else text


def is_proven(before: str, after: str) -> bool:
    """Tell whether the conversion itself refuses a number that a float would round."""
    old, new = _type(before), _type(after)
    if old is None or new is None or new.name not in _FLOATS:
        return False
    return old.name in _INTEGERS | {"numeric"} and not holds_all(before, after)


def _way(before: str, after: str) -> tuple[str, ...]:
    """Return the types to which a value is cast one after the other."""
    old, new = _type(before), _type(after)
    if old is None or new is None or old.array != new.array:
        return ("text", after)
    array = _ARRAY if new.array else ""
    cast = new.unsized in _CASTS.get(old.unsized, ()) or after == before.replace("range", "multirange", 1)
    if old.name == new.name or any({old.name, new.name} <= alike for alike in (_TEXTS, _BITS)):
        return ()
    if new.name in _TEXTS:
        return (f"text{array}",)
    to = f"bit varying{array}" if new.name in _BITS and not cast else after
    if cast or old.name in _TEXTS:
        return (to,)
    return ("integer" if old.name == "boolean" and new.name in _NUMBERS else "text") + array, to


def goes_back(before: str, after: str) -> bool:
    """Tell whether a cast leads back to each value that a cast made another shape of."""
    return (after, before) in _BACK


def always_goes(before: str, after: str) -> bool:
    """Tell whether no value stops the change of type, though some may be rounded or cut."""
    old, new = _type(before), _type(after)
    if old is None or new is None or old.array != new.array:
        return False
    return new.name in _TOTAL.get(old.name, ())


def counts_seconds(before: str, after: str) -> bool:
    """Tell whether a number shall become a moment, which PostgreSQL makes of it by no cast."""
    old, new = _type(before), _type(after)
    if old is None or new is None or old.array or new.array:
        return False
    return old.name in _NUMBERS and new.name in {"timestamp", "date"}


def depends_on_zone(before: str, after: str) -> bool:
    """Tell whether times become others, or are others again on the way back, in another time zone."""
    old, new = _type(before), _type(after)
    if old is None or new is None or not {old.name, new.name} <= _MOMENTS | {"date"}:
        return False
    return (old.zone == " with time zone") != (new.zone == " with time zone")


def what_is_lost(before: str, after: str) -> str | None:
    """Name what a change of type rounds or cuts away without an error, or return None."""
    old, new = _type(before), _type(after)
    if old is None or new is None:
        return None
    loss = None
    if old.name in _NUMBERS and new.name in _NUMBERS:
        loss = _digits_lost(old, new)
    elif old.name in _INTEGERS and new.name == "bit":
        loss = f"bits beyond the lowest {new.size or 1}"
    elif (old.name, new.name) == ("numeric", "money"):
        loss = "fractions of cents"
    elif old.name == "timestamp" and new.name in {"date", "time"}:
        loss = "the times" if new.name == "date" else "the dates"
    elif old.name in _MOMENTS and old.name == new.name:
        loss = _moments_lost(old, new)
    return loss


def _digits_lost(old: _Type, new: _Type) -> str | None:
    if new.name in _INTEGERS:
        return None if old.name in _INTEGERS else "fractions"
    if new.name in _FLOATS:
        rounded = (old.name, new.name) == ("double precision", "real")
        return "digits beyond the precision" if rounded else None
    if old.name in _INTEGERS or not new.size:
        return None
    if old.name == "numeric" and old.size and digits(old.size)[1] <= digits(new.size)[1]:
        return None
    return f"digits after the {_ordinal(digits(new.size)[1])} decimal place"


def _moments_lost(old: _Type, new: _Type) -> str | None:
    if old.name == "time" and old.zone == " with time zone" != new.zone:
        return "the time zones"
    return "fractions of seconds" if new.size and int(new.size) < int(old.size or 6) else None


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{endings.get(number % 10, 'th') if number % 100 not in {11, 12, 13} else 'th'}"
