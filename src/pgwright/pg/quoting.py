"""Names and deparsed text as composable SQL, quoted only where PostgreSQL itself would quote."""

from __future__ import annotations

import re
from collections.abc import Iterable

from psycopg import sql
from psycopg.abc import AdaptContext

from pgwright.errors import UsageError
from pgwright.model.names import QualifiedName

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")

# Every word that pg_get_keywords() of PostgreSQL 18 lists outside category U; quote_ident()
# quotes these, and older servers know a subset of them.
_KEYWORD_LIST = """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
    boolean both case cast char character check coalesce collate collation column concurrently
    constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user dec decimal default deferrable desc distinct do else end except
    exists extract false fetch float for foreign freeze from full grant greatest group grouping
    having ilike in initially inner inout int integer intersect interval into is isnull join json
    json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
    json_serialize json_table json_value lateral leading least left like limit localtime
    localtimestamp merge_action national natural nchar none normalize not notnull null nullif
    numeric offset on only or order out outer overlaps overlay placing position precision primary
    real references returning right row select session_user setof similar smallint some substring
    symmetric system_user table tablesample then time timestamp to trailing treat trim true union
    unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat
    xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
"""
KEYWORDS = frozenset(_KEYWORD_LIST.split())


class Name(sql.Identifier):
    """Compose an identifier like `psycopg.sql.Identifier`, but leave plain names unquoted.

    The rule is that of PostgreSQL's ``quote_ident()``; it keeps generated SQL readable.
    """

    def as_bytes(self, context: AdaptContext | None = None) -> bytes:
        """Return the name, its parts joined by dots, each quoted where it must be."""
        parts = (part if is_plain(part) else '"' + part.replace('"', '""') + '"' for part in self._obj)
        return ".".join(parts).encode()

    def as_string(self, context: AdaptContext | None = None) -> str:
        """Return the same as text."""
        return self.as_bytes(context).decode()


def is_plain(name: str) -> bool:
    """Tell whether PostgreSQL would print the name without quotes."""
    return _PLAIN.match(name) is not None and name not in KEYWORDS


def qualified(name: QualifiedName) -> Name:
    """Compose a possibly schema-qualified name."""
    return Name(name.name) if name.schema is None else Name(name.schema, name.name)


def names(parts: Iterable[str]) -> sql.Composed:
    """Compose a comma-separated list of plain names."""
    return sql.SQL(", ").join(Name(part) for part in parts)


def deparsed(text: str) -> sql.Composed:
    """Compose text that PostgreSQL itself deparsed from its catalogs (types, expressions, definitions).

    Such text is already quoted by the server; nothing that a user typed may come here.
    """
    return sql.SQL(text.replace("{", "{{").replace("}", "}}")).format()


def typed(expression: str) -> sql.Composed:
    """Compose an expression that the user typed, for the user's own session, in parentheses.

    Raises `UsageError` for one with bytes that are no UTF-8, which Python keeps as surrogates.
    """
    try:
        expression.encode()
    except UnicodeEncodeError as exc:
        shown = expression.encode(errors="surrogateescape").decode(errors="backslashreplace")
        raise UsageError(
            f"what was typed is not UTF-8: {shown}",
            detail="nothing was changed",
            hint="set the terminal to UTF-8, or write such a character by its number: U&'\\00E9'",
        ) from exc
    return sql.SQL("({})").format(deparsed(expression))


def literal(text: str) -> sql.Composed:
    """Compose a string constant, in the E'' form where it holds a backslash."""
    escaped = text.replace("'", "''")
    if "\\" in escaped:
        return deparsed("E'" + escaped.replace("\\", "\\\\") + "'")
    return deparsed("'" + escaped + "'")


def render(composed: sql.Composable) -> str:
    """Return the text of composed SQL; no connection is needed for names and deparsed text."""
    return composed.as_string(None)
