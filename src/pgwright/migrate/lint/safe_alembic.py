"""The safe form of an operation in an Alembic revision."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pgwright.migrate.lint.edits import Edit
from pgwright.migrate.lint.nouns import Linted, Statement
from pgwright.migrate.writing.code import call, literal

_BLOCK = "with op.get_context().autocommit_block():"
_RUN_STEP = "from pgwright.contrib.alembic.operations import run_step"
_ADDED = re.compile(
    r"\s*ALTER\s+TABLE\s+(?:ONLY\s+)?(?P<table>\S+)\s+ADD\s+CONSTRAINT\s+(?P<name>\S+)", re.IGNORECASE
)
_KEY = re.compile(
    _ADDED.pattern + r"\s+(?P<kind>UNIQUE|PRIMARY\s+KEY)\s*(?P<nulls>NULLS\s+NOT\s+DISTINCT\s*)?"
    r"(?P<columns>\([^()]*\))(?P<rest>[^;]*)",
    re.IGNORECASE,
)
_NOT_NULL = re.compile(
    r"\s*ALTER\s+TABLE\s+(?:ONLY\s+)?(?P<table>\S+)\s+ALTER\s+(?:COLUMN\s+)?(?P<column>\S+)\s+SET\s+NOT\s+NULL",
    re.IGNORECASE,
)
_CONSTRAINTS = frozenset(
    {"create_foreign_key", "create_check_constraint", "create_unique_constraint", "create_primary_key"}
)
_INDEX = re.compile(r"\b(CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX)(?!\s+CONCURRENTLY)\b", re.IGNORECASE)


def safe_form(linted: Linted, statement: Statement) -> Edit | None:
    """Return the edit that lets the statement run without blocking writers, None where none is known."""
    found = _call_at(linted.tree, statement.line or 0)
    if found is None:
        return None
    node, function = found
    lines = linted.text.splitlines()[node.lineno - 1 : node.end_lineno]
    margin = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    if function in ("create_index", "drop_index"):
        return _alone(node, _with_argument(lines, node, "postgresql_concurrently=True"), margin)
    if function == "execute" and (match := _INDEX.search("\n".join(lines))):
        text = "\n".join(lines)
        text = f"{text[: match.end()]} CONCURRENTLY{text[match.end() :]}"
        return _alone(node, text.split("\n"), margin)
    if function in _CONSTRAINTS:
        made = _constraint(statement, lines, node, margin)
        return _edit(node, made) if made else None
    forbids = _NOT_NULL.match(statement.sql)
    if function in ("alter_column", "execute") and forbids:
        return _edit(node, list(_guarded(forbids["table"], forbids["column"], lines, margin)))
    return None


def _call_at(tree: ast.Module, line: int) -> tuple[ast.Expr, str] | None:
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="op"), attr=name))):
                if node.lineno <= line <= (node.end_lineno or node.lineno):
                    return node, name
    return None


def _edit(node: ast.Expr, lines: list[str]) -> Edit:
    imports = (_RUN_STEP,) if any("run_step(" in line for line in lines) else ()
    return Edit(first=node.lineno, last=node.end_lineno or node.lineno, lines=tuple(lines), imports=imports)


def _alone(node: ast.Expr, lines: list[str], margin: str) -> Edit:
    return _edit(node, [margin + _BLOCK, *(f"    {line}" for line in lines)])


def _with_argument(lines: list[str], node: ast.Expr, argument: str) -> list[str]:
    """Return the lines of a call with one more argument."""
    text = "\n".join(lines)
    # `end_col_offset` counts bytes of the last line.
    last = lines[-1].encode()[: node.end_col_offset].decode()
    cut = len(text) - len(lines[-1]) + len(last) - 1
    head, tail = text[:cut].rstrip(), text[cut:]
    if len(lines) > 1 and lines[-1].lstrip().startswith(")"):
        inner, end = (line[: len(line) - len(line.lstrip())] for line in (lines[1], lines[-1]))
        return f"{head.removesuffix(',')},\n{inner}{argument},\n{end}{tail}".split("\n")
    return f"{head.removesuffix(',')}, {argument}{tail}".split("\n")


def _constraint(statement: Statement, lines: list[str], node: ast.Expr, margin: str) -> list[str] | None:
    if key := _KEY.match(statement.sql):
        return list(_by_index(key, margin))
    if added := _ADDED.match(statement.sql):
        made = _with_argument(lines, node, "postgresql_not_valid=True")
        return [*made, *_validated(added["table"], added["name"], margin)]
    return None


def _validated(table: str, name: str, margin: str) -> Iterator[str]:
    yield margin + _BLOCK
    yield from _run(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}", f"{margin}    ")


def _by_index(key: re.Match[str], margin: str) -> Iterator[str]:
    """Yield the build of a unique index beside writers, and what makes it the constraint."""
    table, name, kind, columns, rest = key.group("table", "name", "kind", "columns", "rest")
    nulls = " NULLS NOT DISTINCT" if key["nulls"] else ""
    index = f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} {columns}{nulls}"
    added = f"ALTER TABLE {table} ADD CONSTRAINT {name} {kind} USING INDEX {name}{rest.rstrip()}"
    yield margin + _BLOCK
    yield from _run(index, f"{margin}    ")
    yield from _run(added, margin)


def _guarded(table: str, column: str, lines: list[str], margin: str) -> Iterator[str]:
    """Yield a validated check, the lines that forbid nulls, and the removal of the check."""
    name = f"pgwright_{column.strip(chr(34))}_not_null"[:63]
    check = f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IS NOT NULL) NOT VALID"
    yield from _run(check, margin)
    yield from _validated(table, name, margin)
    yield from lines
    yield from _run(f"ALTER TABLE {table} DROP CONSTRAINT {name}", margin)


def _run(sql: str, margin: str) -> Iterator[str]:
    return (margin + line for line in call("run_step", literal(sql)).split("\n"))
