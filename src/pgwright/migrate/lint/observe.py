"""Run a revision on scratch, and see what each of its statements did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pgwright.errors import PgwrightError
from pgwright.migrate.lint.nouns import Linted, Remark, Statement
from pgwright.migrate.messages import Report, StatementEnded
from pgwright.migrate.revisions.graph import Revision
from pgwright.migrate.writing.draft import Bench
from pgwright.model.locks import LockMode
from pgwright.pg.connect import connect
from pgwright.pg.sqlfiles import load_sql

FAILS = "fails_on_scratch"
_COLUMN = re.compile(r"\((?P<name>[^(),]+)")  # the first one of an index or a key


def observed(
    here: Bench, revision: Revision, wanted: Sequence[Revision], linted: Linted
) -> tuple[Linted, list[tuple[str, Remark]]]:
    """Run a revision and return it with the statements that it ran; `wanted` are those that run anyway.

    Where it fails, that is a finding, and the statements are those before.
    """
    statements: list[Statement] = []
    held: dict[int, list[str]] = {}

    def hear(report: Report) -> None:
        if isinstance(report, StatementEnded) and here.tool.table not in report.sql:
            modes = {path: LockMode(mode) for path, mode in report.locks.items()}
            before = held.setdefault(report.transaction, [])
            statements.append(
                Statement(
                    sql=report.whole or report.sql,
                    is_declaration=bool(report.whole),
                    held=tuple(path for path in before if _names(report.sql, path)),
                    line=report.line or None,
                    transaction=report.transaction,
                    commits=report.commits,
                    locks=modes,
                    rewrites=tuple(report.rewrites),
                )
            )
            before += statements[-1].touched

    ids = {r.id for r in wanted}
    try:
        for parent in revision.parents:
            if parent not in ids:
                here.run("upgrade", parent)
        here.run("upgrade", revision.id, observe=True, hear=hear)
    except PgwrightError as exc:
        words = f"{exc.message}; {exc.detail}" if exc.detail else exc.message
        hint = exc.hint or "correct it, then lint again"
        place = re.search(rf"{re.escape(revision.path.name)}:(\d+)", words)
        line = int(place[1]) if place else None
        remark = Remark(message=f"it fails in an empty database: {words}", hint=hint, line=line)
        return replace(linted, statements=tuple(statements)), [(FAILS, remark)]
    changing = [s for s in _folded(statements) if not _reads(s.sql)]
    return replace(
        linted,
        statements=tuple(_placed(s, changing) for s in changing),
        partitioned=_partitioned(here),
    ), []


def _partitioned(here: Bench) -> frozenset[str]:
    with connect(here.place.url) as conn:
        query = load_sql("pgwright.migrate.lint", "partitioned", conn.info.server_version // 10000)
        return frozenset(path for (path,) in conn.execute(query.encode()))


def _folded(statements: Sequence[Statement]) -> list[Statement]:
    """Return the statements with those of one declaration made one; pgwright's own tables do not count."""
    found: list[Statement] = []
    for statement in statements:
        if not statement.is_declaration:
            found.append(statement)
            continue
        locks = {path: m for path, m in statement.locks.items() if not path.startswith("pgwright.")}
        before = found.pop() if found and found[-1].sql == statement.sql else replace(statement, locks={})
        for path, mode in before.locks.items():
            locks[path] = max(mode, locks.get(path, mode), key=lambda m: m.rank)
        rewrites = tuple(dict.fromkeys((*before.rewrites, *statement.rewrites)))
        found.append(replace(before, locks=locks, rewrites=rewrites))
    return found


def _placed(statement: Statement, among: Sequence[Statement]) -> Statement:
    """Return a statement with the line of its column, where Django puts it off until after the operations."""
    table = statement.table
    if statement.line is not None or table is None:
        return statement
    of_table = [s for s in among if s.line is not None and table in s.sql]
    column = _COLUMN.search(statement.sql)
    of_column = [s for s in of_table if column and column["name"] in s.sql]
    found = of_column or of_table
    return replace(statement, line=found[-1].line) if found else statement


def _names(sql: str, path: str) -> bool:
    """Tell whether a statement speaks of a table that its transaction has locked already."""
    return re.search(rf"\b{re.escape(path.rpartition('.')[2])}\b", sql) is not None


def _reads(sql: str) -> bool:
    return sql.lstrip().split(" ", 1)[0].upper() in {"SELECT", "SET", "SHOW", "SAVEPOINT", "RELEASE"}
