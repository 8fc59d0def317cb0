"""Column types as PostgreSQL prints them, in the words of SQLAlchemy."""

from __future__ import annotations

import re

from pgwright.migrate.writing.code import call, given, literal
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId, QualifiedName

# Exact in both directions: the dialect prints each as the text on the left.
_SIMPLE = {
    "bigint": "sa.BigInteger()",
    "boolean": "sa.Boolean()",
    "bytea": "sa.LargeBinary()",
    "date": "sa.Date()",
    "double precision": "sa.Double()",
    "inet": "postgresql.INET()",
    "cidr": "postgresql.CIDR()",
    "macaddr": "postgresql.MACADDR()",
    "integer": "sa.Integer()",
    "interval": "sa.Interval()",
    "json": "sa.JSON()",
    "jsonb": "postgresql.JSONB()",
    "numeric": "sa.Numeric()",
    "real": "sa.REAL()",
    "smallint": "sa.SmallInteger()",
    "text": "sa.Text()",
    "character varying": "sa.String()",
    "time without time zone": "sa.Time()",
    "time with time zone": "sa.Time(timezone=True)",
    "timestamp without time zone": "sa.DateTime()",
    "timestamp with time zone": "sa.DateTime(timezone=True)",
    "tsvector": "postgresql.TSVECTOR()",
    "uuid": "sa.Uuid()",
    "int4range": "postgresql.INT4RANGE()",
    "int8range": "postgresql.INT8RANGE()",
    "numrange": "postgresql.NUMRANGE()",
    "daterange": "postgresql.DATERANGE()",
    "tsrange": "postgresql.TSRANGE()",
    "tstzrange": "postgresql.TSTZRANGE()",
}
_LENGTH = re.compile(r"(character varying|character)\((\d+)\)\Z")
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)\Z")
_NAMED = re.compile(r"(?:(?P<schema>[a-z_]\w*)\.)?(?P<name>[a-z_]\w*)\Z")

INTEGERS = frozenset({"smallint", "integer", "bigint"})


def type_code(printed: str, catalog: Catalog) -> str | None:
    """Return the type as code, or None for one that SQLAlchemy has no exact word for."""
    if printed in _SIMPLE:
        return _SIMPLE[printed]
    if printed.endswith("[]"):
        of = type_code(printed[:-2], catalog)
        return of and call("postgresql.ARRAY", of)
    if match := _LENGTH.match(printed):
        name = "sa.String" if match[1] == "character varying" else "sa.CHAR"
        return call(name, match[2])
    if match := _NUMERIC.match(printed):
        return call("sa.Numeric", match[1], match[2])
    if match := _NAMED.match(printed):
        schema = match["schema"]
        if ObjectId("enum", QualifiedName(schema, match["name"])) in catalog:
            # The type has a step of its own.
            outside = None if schema == "public" else literal(schema)
            named = given({"schema": outside, "create_type": "False"})
            return call("postgresql.ENUM", f"name={literal(match['name'])}", **named)
    return None
