"""Lint the migrations of a project: run them on scratch, look at the live tables, ask every rule."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pgwright.config import Project
from pgwright.errors import PgwrightError, UsageError
from pgwright.migrate.files import files_of
from pgwright.migrate.lint.ignores import TITLES, ignores, judge
from pgwright.migrate.lint.nouns import Linted, LiveTable, Remark, Statement
from pgwright.migrate.lint.registry import RULES, rule
from pgwright.migrate.lint.squawk import find as squawk_find
from pgwright.migrate.lint.squawk import program
from pgwright.migrate.messages import Report, StatementEnded
from pgwright.migrate.revisions import Revision, Revisions
from pgwright.migrate.state import migration_state
from pgwright.migrate.writing.draft import Bench, bench
from pgwright.model.finding import Finding, Severity
from pgwright.model.locks import LockMode
from pgwright.pg.connect import connect
from pgwright.pg.sqlfiles import load_sql

FAILS, NO_DATABASE, NO_SQUAWK = "fails_on_scratch", "database_unreachable", "squawk_missing"
_TITLES = {
    **TITLES,
    FAILS: "the migration runs in an empty database",
    NO_DATABASE: "sizes and pending migrations come from a live database",
    NO_SQUAWK: "squawk is installed",
}

Ready = Callable[[Revision], None]


@dataclass(frozen=True, kw_only=True)
class LintReport:
    """Hold the findings, the migrations that were looked at, and how many findings comments accept."""

    findings: tuple[Finding, ...]
    revisions: tuple[str, ...]
    ignored: int


@dataclass(frozen=True, kw_only=True)
class Live:
    """Hold what the live database says: its tables, its version, and which migrations are pending."""

    tables: Mapping[str, LiveTable]
    major: int
    pending: frozenset[str]


def title_of(id: str) -> str:
    """Return what a rule demands, in a few words."""
    return rule(id).title if id in RULES else _TITLES.get(id, f"squawk: {id}")


def look(project: Project, url: str) -> Live:
    """Ask the live database; raises the `ConnectError` family."""
    with connect(url, autocommit=True) as conn:
        major = conn.info.server_version // 10000
        rows = conn.execute(load_sql("pgwright.migrate.lint", "live_tables", major).encode()).fetchall()
        state = migration_state(conn, project)
    tables = {path: LiveTable(rows=count, bytes=size, writes=writes) for path, count, size, writes in rows}
    return Live(
        tables=tables, major=major, pending=frozenset(r.id for r in state.pending) if state else frozenset()
    )


def chosen(
    files: Revisions, root: Path, names: Sequence[str], since: str | None, live: Live | None
) -> tuple[Revision, ...]:
    """Return the migrations to lint: those named, those changed since a git commit, else those pending.

    Without a live database nobody knows what is pending: then the newest ones. Raises `UsageError`.
    """
    if names:
        return files.in_order({_named(files, name) for name in names})
    if since is not None:
        changed = _changed(root, since)
        return files.in_order({r.id for r in files.by_id.values() if r.path.resolve() in changed})
    return files.in_order(live.pending if live else files.heads)


def _named(files: Revisions, name: str) -> str:
    if name in ("head", "heads") and len(files.heads) == 1:
        return files.heads[0]
    close = [id for id in files.by_id if id == name] or [id for id in files.by_id if id.startswith(name)]
    if len(close) != 1:
        raise UsageError(
            f"no migration is called {name}" if not close else f"several migrations begin with {name}",
            detail=", ".join(close) or None,
            hint="see them all: pgwright migrate history",
        )
    return close[0]


def _changed(root: Path, since: str) -> set[Path]:
    words = ["git", "diff", "--name-only", "--diff-filter=AMR", "--end-of-options", since, "--", "."]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    fresh = ["git", "ls-files", "--others", "--exclude-standard", "--full-name", "."]
    new = subprocess.run(fresh, cwd=root, capture_output=True, text=True, check=False)
    top = subprocess.run(
        ["git", "rev-parse", "--show-toplevel"], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode or top.returncode:
        raise UsageError(
            f"git knows no {since} here",
            detail=(done.stderr or top.stderr).strip().partition("\n")[0],
            hint="name a branch or commit: pgwright migrate lint --since origin/main",
        )
    base = Path(top.stdout.strip())
    return {(base / line).resolve() for line in (done.stdout + new.stdout).splitlines()}


def lint(
    project: Project,
    names: Sequence[str] = (),
    *,
    since: str | None = None,
    live: Live | None = None,
    ready: Ready | None = None,
) -> LintReport:
    """Lint migrations and return what was found, the gravest first.

    Each is run on scratch after those before it, and its locks and rewrites are observed. `ready` is told
    each migration that is done. Raises `UsageError`, `SourceError` and scratch's errors.
    """
    files = files_of(project)
    wanted = chosen(files, project.root, names, since, live)
    found: list[Finding] = []
    ignored = 0
    squawk = program()
    if wanted:
        found += _skipped(squawk, live)
        with bench(project) as here:
            for revision in wanted:
                linted, failure = _run(here, files, wanted, revision, live)
                remarks = [*_remarks(linted, live, squawk), *failure]
                kept, dropped = _accepted(linted, remarks)
                found += [_finding(linted, project.root, id, remark) for id, remark in kept]
                ignored += dropped
                if ready:
                    ready(revision)
                if failure:
                    break
    found.sort(key=lambda f: f.severity.rank)
    return LintReport(findings=tuple(found), revisions=tuple(r.id for r in wanted), ignored=ignored)


def _run(
    here: Bench, files: Revisions, wanted: Sequence[Revision], revision: Revision, live: Live | None
) -> tuple[Linted, list[tuple[str, Remark]]]:
    statements: list[Statement] = []

    def hear(report: Report) -> None:
        if isinstance(report, StatementEnded) and here.tool.table not in report.sql:
            modes = {path: LockMode(mode) for path, mode in report.locks.items()}
            statements.append(Statement(sql=report.sql, locks=modes, rewrites=tuple(report.rewrites)))

    linted = Linted(
        tool=here.tool.name,
        revision=revision.id,
        path=revision.path,
        live=live.tables if live else {},
    )
    ids = {r.id for r in wanted}
    try:
        for parent in revision.parents:
            if parent not in ids:
                here.run("upgrade", parent)
        here.run("upgrade", revision.id, observe=True, hear=hear)
    except PgwrightError as exc:
        words = f"{exc.message}; {exc.detail}" if exc.detail else exc.message
        remark = Remark(message=f"it fails in an empty database: {words}", hint="correct it, then lint again")
        return replace(linted, statements=tuple(statements)), [(FAILS, remark)]
    return replace(linted, statements=tuple(s for s in statements if not _reads(s.sql))), []


def _reads(sql: str) -> bool:
    return sql.lstrip().split(" ", 1)[0].upper() in {"SELECT", "SET", "SHOW", "SAVEPOINT", "RELEASE"}


def _remarks(linted: Linted, live: Live | None, squawk: str | None) -> Iterator[tuple[str, Remark]]:
    for id in RULES:
        for remark in rule(id).find(linted):
            yield id, remark
    if squawk and linted.statements:
        yield from squawk_find(linted, live.major if live else None, squawk)


def _accepted(linted: Linted, remarks: Sequence[tuple[str, Remark]]) -> tuple[list[tuple[str, Remark]], int]:
    known = ignores(linted)
    accepted = {ignore.rule for ignore in known if ignore.reason}
    kept = [(id, remark) for id, remark in remarks if id not in accepted]
    return [*kept, *judge(known, {id for id, _ in remarks})], len(remarks) - len(kept)


def _finding(linted: Linted, root: Path, id: str, remark: Remark) -> Finding:
    usual = rule(id).severity if id in RULES else Severity.CRITICAL if id == FAILS else Severity.WARNING
    path = linted.path.resolve()
    file = str(path.relative_to(root.resolve()) if path.is_relative_to(root.resolve()) else path)
    return Finding(
        check=id,
        severity=remark.severity or usual,
        subject=linted.revision,
        message=remark.message,
        evidence={"file": file, "line": remark.line or 1, "tables": list(remark.tables)},
        hint=remark.hint,
    )


def _skipped(squawk: str | None, live: Live | None) -> Iterator[Finding]:
    if squawk is None:
        yield Finding(
            check=NO_SQUAWK,
            severity=Severity.SKIPPED,
            subject="squawk",
            message="squawk's rules were left out: it is not installed",
            hint="pip install 'pgwright[lint]'",
        )
    if live is None:
        yield Finding(
            check=NO_DATABASE,
            severity=Severity.SKIPPED,
            subject="database",
            message="sizes and write rates of the live tables took no part: no database could be reached",
            hint="set DATABASE_URL, or choose one with --database",
        )
