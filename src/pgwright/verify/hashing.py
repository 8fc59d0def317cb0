"""One number for each row: how a column's value becomes 64 bits, the same on every supported server.

Each column is hashed with a seed of its own, and a row is the exclusive or of its columns. PostgreSQL's
hash functions with a seed give the same bits from 11 on; combining them by columns takes half the time
of ``hash_record_extended``, which 14 brought, and lets each column choose its way.

Binary ways are exact where equal values have equal texts. Elsewhere (1.0 and 1.00, 0 and -0, '1 day'
and '24 hours') only the *fast* mode uses them, and what PostgreSQL holds equal counts as equal. Whatever
has no such way (json, geometric types, enums, whose hash is their OID, types of extensions) is hashed as
text, under pinned settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from psycopg import sql

from pgwright.pg.quoting import Name
from pgwright.verify.tables import Column, Table

TEXT = "text"
UTF8_TEXT = "text as UTF-8"  # where the two servers store text in different encodings

_WAYS = MappingProxyType(
    {
        TEXT: sql.SQL('pg_catalog.hashtextextended({c}::text COLLATE "C", {s})'),
        UTF8_TEXT: sql.SQL(
            "pg_catalog.hashtextextended(pg_catalog.encode("
            "pg_catalog.convert_to({c}::text, 'UTF8'), 'hex') COLLATE \"C\", {s})"
        ),
        "boolean": sql.SQL("pg_catalog.hashint4extended({c}::int, {s})"),
        "int2": sql.SQL("pg_catalog.hashint2extended({c}, {s})"),
        "int4": sql.SQL("pg_catalog.hashint4extended({c}, {s})"),
        "int8": sql.SQL("pg_catalog.hashint8extended({c}, {s})"),
        "char": sql.SQL("pg_catalog.hashbpcharextended({c}::bpchar, {s})"),
        "timestamp": sql.SQL("pg_catalog.timestamp_hash_extended({c}::timestamp, {s})"),
        "time": sql.SQL("pg_catalog.time_hash_extended({c}, {s})"),
        "uuid": sql.SQL("pg_catalog.uuid_hash_extended({c}, {s})"),
        "network": sql.SQL("pg_catalog.hashinetextended({c}, {s})"),
        # Dates and byte strings have no hash function of their own before 18; an array's calls theirs.
        "element": sql.SQL("pg_catalog.hash_array_extended(ARRAY[{c}], {s})"),
        "numeric": sql.SQL("pg_catalog.hash_numeric_extended({c}, {s})"),
        "float": sql.SQL("pg_catalog.hashfloat8extended({c}::float8, {s})"),
        "interval": sql.SQL("pg_catalog.interval_hash_extended({c}, {s})"),
        "jsonb": sql.SQL("pg_catalog.jsonb_hash_extended({c}, {s})"),
    }
)
_EXACT = MappingProxyType(
    {
        "bool": "boolean",
        "int2": "int2",
        "int4": "int4",
        "int8": "int8",
        "bpchar": "char",
        "timestamp": "timestamp",
        "timestamptz": "timestamp",
        "time": "time",
        "uuid": "uuid",
        "inet": "network",
        "cidr": "network",
        "date": "element",
        "bytea": "element",
    }
)
_LOOSE = MappingProxyType(
    {"numeric": "numeric", "float4": "float", "float8": "float", "interval": "interval", "jsonb": "jsonb"}
)
_NULL = 0x5851F42D4C957F2D  # Knuth's multiplier of MMIX: any odd number with mixed bits
_BITS = 1 << 64


def way_of(a: Column, b: Column, *, fast: bool, text: str = TEXT) -> str:
    """Return how a column that both sides have is hashed.

    `text` is the way for texts: `TEXT`, or `UTF8_TEXT` between servers of different encodings.
    """
    if a.base is None or a.base != b.base or a.type != b.type:
        return text
    if a.base == "bpchar" and text == UTF8_TEXT:
        return text
    return _EXACT.get(a.base) or (_LOOSE.get(a.base) if fast else None) or text


def row_hash(ways: Mapping[str, str]) -> sql.Composed:
    """Compose the hash of a row of ``t``, a bigint; `ways` maps columns to how each is hashed, in order."""
    parts = [_column_hash(name, way, seed) for seed, (name, way) in enumerate(ways.items(), start=1)]
    return sql.SQL("({})").format(sql.SQL(" # ").join(parts)) if parts else sql.SQL("0::bigint").format()


def _column_hash(name: str, way: str, seed: int) -> sql.Composed:
    null = (seed * _NULL) % _BITS - _BITS // 2
    hashed = _WAYS[way].format(c=sql.SQL("t.{}").format(Name(name)), s=sql.Literal(seed))
    return sql.SQL("coalesce({}, {}::bigint)").format(hashed, sql.Literal(str(null)))


def common_ways(a: Table, b: Table, *, fast: bool, text: str = TEXT) -> dict[str, str]:
    """Return for each column that both tables have how it is hashed, in the order of their names.

    The order of names makes the seeds the same whatever the order of columns on either side.
    """
    common = sorted(a.by_name.keys() & b.by_name.keys())
    return {name: way_of(a.by_name[name], b.by_name[name], fast=fast, text=text) for name in common}
