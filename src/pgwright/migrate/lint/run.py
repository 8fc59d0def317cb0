"""Lint the migrations of a project: run them on scratch, look at the live tables, ask every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgwright.config import Project
from pgwright.errors import UsageError
from pgwright.migrate.lint.edits import diff
from pgwright.migrate.lint.ignores import TITLES, accepted
from pgwright.migrate.lint.nouns import Linted, LiveTable, Remark
from pgwright.migrate.lint.observe import FAILS, observed
from pgwright.migrate.lint.registry import RULES, rule
from pgwright.migrate.lint.repository import changed_since
from pgwright.migrate.lint.squawk import find as squawk_find
from pgwright.migrate.lint.squawk import program
from pgwright.migrate.revisions.files import files_of
from pgwright.migrate.revisions.graph import Revision, Revisions
from pgwright.migrate.state import migration_state
from pgwright.migrate.tools import Tool
from pgwright.migrate.writing.draft import Bench, bench
from pgwright.model.finding import Finding, Severity
from pgwright.pg.connect import connect
from pgwright.pg.sqlfiles import load_sql

NO_DATABASE, NO_SQUAWK = "database_unreachable", "squawk_missing"
_TITLES = {
    **TITLES,
    FAILS: "the migration runs in an empty database",
    NO_DATABASE: "sizes and pending migrations come from a live database",
    NO_SQUAWK: "squawk is installed",
}

Ready = Callable[[Revision], None]


@dataclass(frozen=True, kw_only=True)
class LintReport:
    """Hold the findings, the migrations that were looked at, and how many findings comments accept.

    `left_out` are those that follow one that fails. `diffs` are the migrations in their safe form, as far as
    that is known: one unified diff a file.
    """

    findings: tuple[Finding, ...]
    revisions: tuple[str, ...]
    ignored: int
    left_out: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Live:
    """Hold what the live database says: its tables, its version, and which migrations are pending."""

    tables: Mapping[str, LiveTable]
    version: int
    pending: frozenset[str]


def title_of(id: str) -> str:
    """Return what a rule demands, in a few words."""
    return rule(id).title if id in RULES else _TITLES.get(id, f"squawk: {id}")


def look(project: Project, url: str) -> Live:
    """Ask the live database; raises the `ConnectError` family."""
    with connect(url, autocommit=True) as conn:
        version = conn.info.server_version
        rows = conn.execute(
            load_sql("pgwright.migrate.lint", "live_tables", version // 10000).encode()
        ).fetchall()
        state = migration_state(conn, project)
    tables = {path: LiveTable(rows=count, bytes=size, writes=writes) for path, count, size, writes in rows}
    return Live(
        tables=tables,
        version=version,
        pending=frozenset(r.id for r in state.pending) if state else frozenset(),
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
        changed = changed_since(since, root)
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
    diffs: list[str] = []
    looked_at: list[str] = []
    ignored = 0
    squawk = program()
    if wanted:
        found += _skipped(squawk, live)
        with bench(project) as here:
            is_limited = _limits_locks(project, here.tool)
            for revision in wanted:
                blank = _blank(here, revision, live, is_limited=is_limited)
                linted, failure = observed(here, revision, wanted, blank)
                # Of several columns of one statement a rule may say the same several times.
                remarks = list(dict.fromkeys((*_remarks(linted, squawk), *failure)))
                is_limited |= any(id == "no_lock_timeout" for id, _ in remarks)
                kept, dropped = accepted(linted, remarks)
                found += [_finding(linted, project.root, id, remark) for id, remark in kept]
                ignored += dropped
                looked_at.append(revision.id)
                if changed := _diff(linted, project.root, [remark for _, remark in kept]):
                    diffs.append(changed)
                if ready:
                    ready(revision)
                if failure:
                    break
    found.sort(key=lambda f: f.severity.rank)
    return LintReport(
        findings=tuple(found),
        revisions=tuple(looked_at),
        ignored=ignored,
        left_out=tuple(r.id for r in wanted[len(looked_at) :]),
        diffs=tuple(diffs),
    )


def _limits_locks(project: Project, tool: Tool) -> bool:
    """Tell whether env.py or the settings speak of a lock timeout."""
    if "ini" in tool.options:
        folder = Path(tool.options["ini"]).parent
        paths = [Path(tool.options["ini"]), *folder.glob("env.py"), *folder.glob("*/env.py")]
    else:
        module = project.root.joinpath(*str(tool.options["settings"]).split("."))
        paths = [module.with_suffix(".py"), *module.parent.glob("settings*/*.py"), *module.glob("*.py")]
    return any("lock_timeout" in path.read_text(encoding="utf-8") for path in paths if path.is_file())


def _blank(here: Bench, revision: Revision, live: Live | None, *, is_limited: bool) -> Linted:
    return Linted(
        tool=here.tool.name,
        revision=revision.id,
        path=revision.path,
        live=live.tables if live else {},
        version=live.version if live else None,
        is_limited=is_limited,
    )


def _remarks(linted: Linted, squawk: str | None) -> Iterator[tuple[str, Remark]]:
    for id in RULES:
        for remark in rule(id).find(linted):
            yield id, remark
    if squawk and linted.statements:
        yield from squawk_find(linted, squawk)


def _finding(linted: Linted, root: Path, id: str, remark: Remark) -> Finding:
    usual = rule(id).severity if id in RULES else Severity.CRITICAL if id == FAILS else Severity.WARNING
    evidence: dict[str, object] = {
        "file": _file(linted, root),
        "line": remark.line or 1,
        "tables": list(remark.tables),
    }
    if changed := _diff(linted, root, [remark]):
        evidence["diff"] = changed
    return Finding(
        check=id,
        severity=remark.severity or usual,
        subject=linted.revision,
        message=remark.message,
        evidence=evidence,
        hint=remark.hint,
    )


def _file(linted: Linted, root: Path) -> str:
    path = linted.path.resolve()
    return str(path.relative_to(root.resolve()) if path.is_relative_to(root.resolve()) else path)


def _diff(linted: Linted, root: Path, remarks: Sequence[Remark]) -> str:
    edits = [remark.edit for remark in remarks if remark.edit]
    return diff(linted.text, edits, file=_file(linted, root)) if edits else ""


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
