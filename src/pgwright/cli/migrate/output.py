"""How migrations look while they run, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pgwright.cli.output import duration, size
from pgwright.errors import PgwrightError
from pgwright.migrate.audience import Audience
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.cli.context import Invocation
    from pgwright.cli.output import Output
    from pgwright.cli.progress import Bars
    from pgwright.migrate.lookout import BuildProgress, LongStatement, OldTransaction
    from pgwright.migrate.way import Outcome
    from pgwright.pg.blocking import Blocker

_VERBS = {"up": "applied", "down": "taken back"}


class Reporter(Audience):
    """Tell on stderr, in every mode, what happens; bars show how far an index is."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._blocked: tuple[int, ...] = ()

    def waits_for_turn(self, holder: str) -> None:
        """Say who is migrating."""
        self._note(f"waiting: another session is migrating this database ({holder})")

    def old_transactions(self, found: Sequence[OldTransaction]) -> None:
        """Say which transactions will be waited for."""
        for old in found:
            state = f", {old.state}" if old.state else ""
            self._note(
                f"warning: pid {old.pid} ({old.role or 'unknown'}{state}) has had a transaction open for "
                f"{duration(old.seconds)}: locks on what it uses, and concurrent builds, wait for it"
            )

    def began(self, revision: str, direction: str) -> None:
        """Tell anew who is in the way: of another revision, they are news."""
        self._blocked = ()

    def skipped(self, sql: str) -> None:
        """Say what is left out."""
        self._note(f"  done before, left out: {shortened(sql)}")

    def ended(self, revision: str, direction: str, seconds: float) -> None:
        """Say that a revision is committed."""
        self._note(f"{revision}: {_VERBS[direction]} in {duration(seconds)}")

    def blocked(self, blockers: Sequence[Blocker]) -> None:
        """Say who is in the way, once for each constellation."""
        pids = tuple(blocker.pid for blocker in blockers)
        if pids != self._blocked:
            self._blocked = pids
            self._note("waiting for " + ", ".join(str(blocker) for blocker in blockers))

    def builds(self, progress: BuildProgress) -> None:
        """Show how far a build is."""
        self._bars.update(
            f"index on {progress.relation}: {progress.phase}", progress.done, progress.total or None
        )

    def works(self, statement: LongStatement) -> None:
        """Say for how long, and how large the table is: of this the server tells no more."""
        on = statement.relation or ""
        if on and statement.rows and statement.bytes:
            on += f": about {counted(round(statement.rows), 'row')}, {size(statement.bytes)}"
        self._bars.update(f"seconds in {shortened(statement.sql, 70)}", statement.seconds, detail=on)

    def mended(self, name: str) -> None:
        """Say what was removed."""
        self._note(f"removed the index {name}, which a build that failed had left invalid")

    def tries_again(self, revision: str | None, error: PgwrightError, *, pause: float) -> None:
        """Say why, and when."""
        who = (error.detail or "").partition(";")[0]
        who = f" ({who})" if who.startswith("blocked by") else ""
        self._note(f"{revision or 'the run'}: {error.message}{who}; trying again in {duration(pause)}")

    def said(self, line: str) -> None:
        """Pass on what the project's code prints."""
        self._note(f"  | {line}")

    def _note(self, text: str) -> None:
        self._bars.note(text)


def shortened(sql: str, length: int = 100) -> str:
    """Return a statement on one line, cut at `length` characters."""
    flat = " ".join(sql.split())
    return flat if len(flat) <= length else f"{flat[: length - 3]}..."


def show_outcome(out: Output, outcome: Outcome) -> None:
    """Print what a run did and where the database stands."""
    where = ", ".join(outcome.state.current) or "no revision"

    def render() -> None:
        if not outcome.done:
            if outcome.state.heads:
                out.line(f"nothing to do: the database is at {where}")
            else:
                create = "pgwright migrate create --autogenerate -m TEXT"
                out.line(f"the project has no migrations yet; write the first: {create}")
            return
        seconds = sum(done.seconds for done in outcome.done)
        count = f"{len(outcome.done)} revision{'s' if len(outcome.done) != 1 else ''}"
        run = f"run {outcome.run.id}: " if outcome.run else ""
        out.line(f"{run}{count} in {duration(seconds)}; the database is at {where}")

    out.result(outcome_facts(outcome), render)


def outcome_facts(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain data."""
    return {
        "run": outcome.run.id if outcome.run else None,
        "done": [vars(done) for done in outcome.done],
        "current": list(outcome.state.current),
        "pending": [revision.id for revision in outcome.state.pending],
    }


def remark_record(invocation: Invocation) -> None:
    """Say where the migrations' record stands, after the schema was changed without running them."""
    import psycopg

    from pgwright.migrate.state import migration_state

    try:
        with invocation.connect(autocommit=True) as conn:
            state = migration_state(conn, invocation.project)
    except (PgwrightError, psycopg.Error):
        # Files or a record that cannot be read are no concern of a schema that was built well.
        return
    if state is None or not state.pending:
        return
    where, pending = ", ".join(state.current) or "no revision", counted(len(state.pending), "migration")
    invocation.output.remark(
        f"the migrations' record is still at {where}, {pending} pending, some of which the schema may hold; "
        "write down where it is: pgwright migrate repair"
    )
