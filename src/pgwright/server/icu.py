"""Stand-ins for ICU collations on a server that was built without ICU, as the embedded one is.

Such a server knows the catalog's columns for them but makes none. A scratch database only needs something
of the same name that sorts at all: a collation of the builtin provider, which keeps what it stands for
where the builtin provider keeps nothing, in ``collicurules``. `kinds/collation-17.sql` reads it back.
"""

from __future__ import annotations

import json
import re

from psycopg import sql

_WORD = r"(?:\"(?:[^\"]|\"\")+\"|[\w$]+)"
_CREATE = re.compile(
    rf"CREATE\s+COLLATION\s+(?P<guard>IF\s+NOT\s+EXISTS\s+)?(?P<name>{_WORD}(?:\s*\.\s*{_WORD})?)"
    r"\s*\((?P<options>(?:[^()']|'(?:[^']|'')*')*)\)",
    re.IGNORECASE,
)
_OPTION = re.compile(r"(?P<name>\w+)\s*=\s*(?:'(?P<text>(?:[^']|'')*)'|(?P<word>[\w-]+))")
_PREDEFINED = re.compile(r"\"(?P<name>[\w-]+-x-icu)\"")


def without_icu(text: str) -> tuple[str, ...]:
    """Return SQL that does without ICU what `text` does with it, as texts to be run one after the other.

    Lines keep their numbers. Collations that initdb imports from ICU come first.
    """
    if "icu" not in text.lower():
        return (text,)
    names = sorted({match["name"] for match in _PREDEFINED.finditer(text)})
    imported = (
        f"CREATE COLLATION IF NOT EXISTS pg_catalog.\"{name}\" (provider = builtin, locale = 'C');"
        for name in names
    )
    return (*imported, _CREATE.sub(_stand_in, text))


def _stand_in(match: re.Match[str]) -> str:
    options = {
        option["name"].lower(): option["word"] or (option["text"] or "").replace("''", "'")
        for option in _OPTION.finditer(match["options"])
    }
    if options.get("provider", "").lower() != "icu":
        return match[0]
    # PostgreSQL writes a locale of the older form as a language tag.
    locale = (options.get("locale") or options.get("lc_collate") or "und").replace("_", "-")
    kept = {
        "icu": locale,
        "deterministic": options.get("deterministic", "true").lower() not in {"false", "off", "no", "0"},
        "rules": options.get("rules"),
    }
    statements = sql.SQL(
        "CREATE COLLATION {guard}{name} (provider = builtin, locale = 'C');"
        " UPDATE pg_catalog.pg_collation SET collicurules = {kept}"
        " WHERE oid = {text}::pg_catalog.regcollation AND collprovider = 'b'"
    ).format(
        guard=sql.SQL("IF NOT EXISTS " if match["guard"] else ""),
        name=_as_written(match["name"]),
        kept=sql.Literal(json.dumps(kept)),
        text=sql.Literal(match["name"]),
    )
    return statements.as_string(None) + "\n" * match[0].count("\n")


def _as_written(name: str) -> sql.Composable:
    return sql.SQL(name.replace("{", "{{").replace("}", "}}")).format()
