"""What stands before a run of migrations: the rehearsal, the rows at risk, the questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pgwright.cli.context import Invocation, typed_again
from pgwright.cli.migrate.output import shortened
from pgwright.cli.output import duration
from pgwright.errors import HazardRefused, PgwrightError, ProductionRefused, RevisionError
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.migrate.rehearsal.rehearsal import MigrationRehearsal
    from pgwright.migrate.risk import Loss
    from pgwright.migrate.way import Way

DELETES = "deletes-data"


def rehearsed(invocation: Invocation, *ways: Way, with_data: int = 0) -> MigrationRehearsal:
    """Try a run on a scratch copy of the schema."""
    from pgwright.migrate.rehearsal.rehearsal import rehearse_migrations

    return rehearse_migrations(invocation.project, invocation.database.url, *ways, with_data=with_data)


def show_rehearsal(invocation: Invocation, done: MigrationRehearsal) -> None:
    """Print what every statement did on scratch, and where they led."""
    out = invocation.output
    for run in done.revisions:
        out.line(f"{run.revision}  {duration(run.seconds)}", style="bold")
        for seen in (s for s in done.statements if s.revision == run.revision):
            if not (seen.locks or seen.rewrites):
                continue
            out.line(f"    {shortened(seen.sql)}  ({duration(seen.seconds)})")
            for path, mode in seen.locks.items():
                out.line(f"      lock: {mode.value} on {path}{_size(done, path)}")
            for path in seen.rewrites:
                out.line(f"      rewrites: {path}{_size(done, path)}", style="yellow")
    data = f" with {counted(done.rows, 'row')}" if done.rows else ""
    out.line(f"rehearsed on a scratch copy of the schema{data}: {counted(len(done.revisions), 'revision')}")
    if done.differences:
        out.line("the end is not what the models say:", style="yellow")
        for change in done.differences:
            out.line(f"    {change}")
    elif done.differences is not None:
        out.line("the end is what the models say")


def rehearsal_facts(done: MigrationRehearsal) -> dict[str, Any]:
    """Return a rehearsal as plain data."""
    differences = None if done.differences is None else [str(change) for change in done.differences]
    return {
        "revisions": [vars(run) for run in done.revisions],
        "statements": [
            {
                "revision": s.revision,
                "sql": s.sql,
                "seconds": s.seconds,
                "locks": {path: mode.value for path, mode in s.locks.items()},
                "rewrites": list(s.rewrites),
            }
            for s in done.statements
        ],
        "rows": done.rows,
        "differences": differences,
        "lost": [str(id) for id in done.lost],
    }


def require_named(invocation: Invocation, deed: str, *, allow: tuple[str, ...], named: str | None) -> None:
    """Raise `ProductionRefused` for a production database that was not named with its loss accepted."""
    database = invocation.database
    if not database.is_production:
        return
    missing: list[str] = []
    if database.name not in (named, invocation.database_name):
        missing += ["--database", database.name]
    if DELETES not in allow:
        missing += ["--allow", DELETES]
    if missing:
        raise ProductionRefused(
            f"{deed} on the production database {database.name} needs its name, and its loss accepted",
            detail="nothing was changed",
            hint=f"if you mean it: {typed_again(*missing)}",
        )


def guard_losses(
    invocation: Invocation, deed: str, *ways: Way, allow: tuple[str, ...], yes: bool, production: str | None
) -> None:
    """Show which rows a run would delete, and go on only when somebody accepts that.

    Raises `ProductionRefused` and `HazardRefused`.
    """
    from pgwright.migrate.risk import losses

    require_named(invocation, deed, allow=allow, named=production)
    found: tuple[Loss, ...] = ()
    unknown: str | None = None
    try:
        done = rehearsed(invocation, *ways)
        with invocation.connect(autocommit=True) as conn:
            found = losses(conn, done.lost)
    except RevisionError:
        raise
    except PgwrightError as error:
        unknown = error.message
    if not found and unknown is None:
        return
    out = invocation.output
    for loss in found:
        out.remark(f"{loss} will be deleted", level="warning")
    if unknown is not None:
        out.remark(f"what will be deleted could not be found out: {unknown}", level="warning")
    if DELETES in allow:
        return
    try:
        invocation.confirm(f"{deed.capitalize()} deletes data. Go on?", yes=yes)
    except HazardRefused as refused:
        refused.hint = f"if you mean it: {typed_again('--allow', DELETES)}"
        raise


def _size(done: MigrationRehearsal, path: str) -> str:
    rows = done.estimates.get(path)
    return f" (about {rows:,.0f} rows)" if rows else ""
