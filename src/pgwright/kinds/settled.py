"""Deparsed expressions in the form that they keep when PostgreSQL reads them again.

What PostgreSQL deparses is not always what it would deparse after parsing that text. Six forms
settle only on the second reading, and would make a database differ from its own dump:

- ``status IN ('a', 'b')`` over a varchar: ``(ARRAY['a'::character varying])::text[]`` becomes
  ``ARRAY[('a'::character varying)::text]``, because the parser applies a cast of an array to its elements.
- ``n BETWEEN 1 AND 2 AND x``: ``((n >= 1) AND (n <= 2)) AND x`` becomes ``(n >= 1) AND (n <= 2) AND x``,
  because the parser flattens a chain of AND or OR from the left.
- a view that is VALUES with names of its own for the columns: ``(VALUES`` becomes ``( VALUES``, because it
  comes back as a query in brackets.
- ``UNION SELECT NULL``: ``NULL::integer`` becomes ``NULL::integer AS int4``, because a column that is a cast
  is called by the type. The name is left out here, as it says nothing.
- ``extract('YEAR' FROM at)``: ``EXTRACT(YEAR FROM at)`` becomes ``EXTRACT(year FROM at)``, because the field
  comes back as a word without quotes.
- ``NATURAL LEFT JOIN`` of tables without a column in common: ``ON TRUE`` becomes ``ON (true)``, because what
  was no condition comes back as one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_TOKEN = re.compile(
    r"""[eE]'(?:[^'\\]|''|\\.)*'   # a constant with escapes
      | '(?:[^']|'')*'             # a constant
      | "(?:[^"]|"")*"             # a quoted name
      | [\w$]+ | \s+ | .""",
    re.VERBOSE | re.DOTALL,
)
_CLOSING = {"(": ")", "[": "]"}
_WORTH_A_LOOK = re.compile(
    r"\(ARRAY\[|\) (?:AND|OR) |\(VALUES |::[\w .\[\]\"(),]+ AS |EXTRACT\(\w*[A-Z]| ON TRUE"
)
# What the parser calls a type that is deparsed in the words of the standard.
_INTERNAL_NAMES = {
    "bigint": "int8",
    "bit varying": "varbit",
    "boolean": "bool",
    "character": "bpchar",
    "character varying": "varchar",
    "double precision": "float8",
    "integer": "int4",
    "real": "float4",
    "smallint": "int2",
    "time with time zone": "timetz",
    "time without time zone": "time",
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
}


@dataclass(slots=True)
class _Group:
    """Hold what stands between a pair of brackets; `opening` is empty for the whole text."""

    opening: str
    parts: list[str | _Group]

    def __str__(self) -> str:
        return f"{self.opening}{''.join(map(str, self.parts))}{_CLOSING.get(self.opening, '')}"


def settled(text: str) -> str:
    """Return deparsed SQL as PostgreSQL would deparse it after reading it once more."""
    if _WORTH_A_LOOK.search(text) is None:
        return text
    whole = _parse(text)
    if whole is None:
        return text
    _settle(whole)
    return str(whole)


def _parse(text: str) -> _Group | None:
    """Return the text as nested groups, or None where brackets do not match."""
    stack = [_Group("", [])]
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in _CLOSING:
            stack.append(_Group(token, []))
        elif token in (")", "]"):
            group = stack.pop()
            if not stack or _CLOSING.get(group.opening) != token:
                return None
            stack[-1].parts.append(group)
        else:
            stack[-1].parts.append(token)
    return stack[0] if len(stack) == 1 else None


def _settle(group: _Group) -> None:
    for part in group.parts:
        if isinstance(part, _Group):
            _settle(part)
    _fold_extracted_field(group)
    _push_array_casts(group)
    _leave_out_names_of_types(group)
    _bracket_no_condition(group)
    if group.opening == "(":
        if group.parts[:1] == ["VALUES"]:
            group.parts.insert(0, " ")
        for word in ("AND", "OR"):
            _flatten(group, word)


def _push_array_casts(group: _Group) -> None:
    """Turn every ``(ARRAY[a, b])::type[]`` among the parts into ``ARRAY[(a)::type, (b)::type]``."""
    at = 0
    while at < len(group.parts):
        elements = _array(group.parts[at])
        end = _end_of_array_type(group.parts, at + 1) if elements is not None else None
        if elements is not None and end is not None:
            type_parts = "".join(map(str, group.parts[at + 3 : end]))
            cast: list[str | _Group] = []
            for element in _split(elements):
                if cast:
                    cast.append(", ")
                cast += [_Group("(", element), f"::{type_parts}"]
            group.parts[at : end + 1] = ["ARRAY", _Group("[", cast)]
        at += 1


def _fold_extracted_field(group: _Group) -> None:
    """Write the field of every ``EXTRACT(field FROM …)`` in lower case, as the parser does with a word."""
    for word, inner in pairwise(group.parts):
        if word == "EXTRACT" and isinstance(inner, _Group) and inner.parts:
            inner.parts[0] = str(inner.parts[0]).lower()


def _bracket_no_condition(group: _Group) -> None:
    """Turn ``ON TRUE`` into ``ON (true)``: the parser writes a constant in small letters."""
    for at, part in enumerate(group.parts):
        if part == "TRUE" and group.parts[at - 2 : at] == ["ON", " "]:
            group.parts[at] = _Group("(", ["true"])


def _leave_out_names_of_types(group: _Group) -> None:
    """Turn ``NULL::integer AS int4`` in a list of columns into ``NULL::integer``."""
    parts = group.parts
    for at in [i for i, part in enumerate(parts) if part == "AS"]:
        name = str(parts[at + 2]).strip('"') if at + 2 < len(parts) else ""
        # The cast before it: a constant, two colons, and the words of the type.
        colons = next((i for i in range(at - 1, 1, -1) if parts[i - 1 : i + 1] == [":", ":"]), 0)
        before = [part for part in parts[: max(colons - 2, 0)] if not str(part).isspace()]
        if colons < 2 or not _begins_column(before):
            continue
        constant = re.fullmatch(r"[eE]?'.*'|NULL|true|false", str(parts[colons - 2]), re.DOTALL)
        words = "".join(str(p) for p in parts[colons + 1 : at] if not isinstance(p, _Group)).strip()
        bare = words.rpartition(".")[2].strip('"')
        if constant and name == _INTERNAL_NAMES.get(words, bare):
            # Emptied, so that the places found above stay what they are.
            parts[at - 1 : at + 3] = ["", "", "", ""]


def _begins_column(before: list[str | _Group]) -> bool:
    """Tell whether a column of the list begins after these parts."""
    distinct_on = before[-3:-1] == ["DISTINCT", "ON"]
    return distinct_on or before[-1:] in ([","], ["SELECT"], ["DISTINCT"])


def _array(part: str | _Group) -> _Group | None:
    """Return the elements of ``(ARRAY[…])``."""
    if isinstance(part, _Group) and part.opening == "(" and len(part.parts) == 2:
        word, elements = part.parts
        if word == "ARRAY" and isinstance(elements, _Group) and elements.opening == "[" and elements.parts:
            return elements
    return None


def _end_of_array_type(parts: list[str | _Group], start: int) -> int | None:
    """Return where the empty brackets stand that end a cast to an array type, which begins at `start`."""
    if parts[start : start + 2] != [":", ":"]:
        return None
    for i in range(start + 2, len(parts)):
        part = parts[i]
        if isinstance(part, _Group):
            if part.opening == "[":
                return i if not part.parts else None
        elif not re.fullmatch(r'[\w$]+| |\.|".*"', part, re.DOTALL):
            return None
    return None


def _split(elements: _Group) -> list[list[str | _Group]]:
    result: list[list[str | _Group]] = [[]]
    for part in elements.parts:
        if part == ",":
            result.append([])
        elif result[-1] or not (isinstance(part, str) and part.isspace()):
            result[-1].append(part)
    return result


def _flatten(group: _Group, word: str) -> None:
    """Take the first operand of a chain of AND or OR apart where it is such a chain itself."""
    while len(group.parts) > 1 and group.parts[1:3] == [" ", word]:
        first = group.parts[0]
        if not (isinstance(first, _Group) and first.opening == "(" and _is_chain(first, word)):
            return
        group.parts[:1] = first.parts


def _is_chain(group: _Group, word: str) -> bool:
    # An operand in a chain is one bracket or a word (a column, a function with its bracket, a constant
    # with its type); anything with a top-level AND that is not a chain starts with a keyword instead.
    first = group.parts[0] if group.parts else ""
    return word in group.parts and first not in ("SELECT", "WITH", " ", "PARTITION", "ORDER", "VALUES")
