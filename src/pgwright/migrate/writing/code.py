"""Python code for migration files: calls and texts, laid out as a formatter would."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

WIDTH = 96
_INDENT = "    "
# What SQLAlchemy's text() would take for a parameter; the same expression as its own, without the escape.
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w+(?!:))")


def literal(value: object) -> str:
    """Return a constant in double quotes where that needs no escapes, as formatters prefer."""
    if isinstance(value, str):
        plain = "\\" not in value and '"' not in value and value.isprintable()
        return f'"{value}"' if plain else repr(value)
    return repr(value)


def items(values: Iterable[str]) -> str:
    """Return a list of pieces of code."""
    return "[" + ", ".join(values) + "]"


def mapping(pairs: Mapping[str, str]) -> str:
    """Return a dictionary of constants to pieces of code."""
    return "{" + ", ".join(f"{literal(key)}: {value}" for key, value in pairs.items()) + "}"


def call(name: str, /, *arguments: str, **named: str) -> str:
    """Return a call; each argument is a piece of code, and has a line of its own where one is too narrow."""
    parts = [*arguments, *(f"{key}={value}" for key, value in named.items())]
    flat = f"{name}({', '.join(parts)})"
    if len(flat) <= WIDTH and "\n" not in flat:
        return flat
    inner = "".join(f"{indent(part)},\n" for part in parts)
    return f"{name}(\n{inner})"


def given(named: Mapping[str, str | None]) -> dict[str, str]:
    """Return the arguments that are not None."""
    return {key: value for key, value in named.items() if value is not None}


def escaped(expression: str) -> str:
    """Return an SQL expression as SQLAlchemy's text() takes it: what would be a parameter is escaped."""
    return _PARAMETER.sub(r"\\:", expression)


def text(expression: str) -> str:
    """Return `sa.text(…)` of an SQL expression."""
    return call("sa.text", literal(escaped(expression)))


def block(sql: str) -> str:
    """Return SQL as a string constant: in triple quotes, on lines of its own, where it has several."""
    if "\n" not in sql and len(sql) <= WIDTH:
        return literal(sql)
    if '"""' in sql or sql.endswith('"') or "\\" in sql or not sql.replace("\n", "").isprintable():
        return _joined(sql)
    return f'"""\n{sql}\n"""'


def _joined(sql: str) -> str:
    """Return SQL as adjacent constants, one a line: it holds what triple quotes would change."""
    lines = sql.split("\n")
    parts = [repr(line + "\n") for line in lines[:-1]] + [repr(lines[-1])]
    return "\n".join(parts)


def indent(code: str, levels: int = 1) -> str:
    """Return code further to the right; the inside of a constant in triple quotes keeps its lines."""
    found, inside = [], False
    for line in code.split("\n"):
        found.append(line if inside or not line else _INDENT * levels + line)
        if line.count('"""') % 2:
            inside = not inside
    return "\n".join(found)


def comment(words: str) -> str:
    """Return a comment of as many lines as it needs."""
    lines, current = [], "#"
    for word in words.split():
        if len(current) + 1 + len(word) > WIDTH and current != "#":
            lines.append(current)
            current = "#"
        current += f" {word}"
    return "\n".join([*lines, current])
